// Softmax cross-entropy. AssemblyScript's own exp and log need tables in memory, which this module may not have.

/** `e^x` for x ≤ 0 in float64: 2^k by the exponent bits times a Taylor polynomial on |r| ≤ ln 2 / 2. */
function exp(x: f64): f64 {
  if (x < -700) return 0
  const k = nearest(x * 1.4426950408889634)
  const r = x - k * 0.69314718036912381649 - k * 1.90821492927058770002e-10
  let sum: f64 = 1.0 / 6227020800
  sum = sum * r + 1.0 / 479001600
  sum = sum * r + 1.0 / 39916800
  sum = sum * r + 1.0 / 3628800
  sum = sum * r + 1.0 / 362880
  sum = sum * r + 1.0 / 40320
  sum = sum * r + 1.0 / 5040
  sum = sum * r + 1.0 / 720
  sum = sum * r + 1.0 / 120
  sum = sum * r + 1.0 / 24
  sum = sum * r + 1.0 / 6
  sum = sum * r + 0.5
  sum = sum * r + 1
  sum = sum * r + 1
  return sum * reinterpret<f64>((<i64>k + 1023) << 52)
}

/** `ln x` for normal x > 0: exponent plus `2·atanh((m − 1)/(m + 1))` for m in [√½, √2). */
function log(x: f64): f64 {
  const bits = reinterpret<i64>(x)
  let k = <i32>((bits >> 52) & 0x7ff) - 1023
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000)
  if (m > 1.4142135623730951) {
    m *= 0.5
    k++
  }
  const s = (m - 1) / (m + 1)
  const z = s * s
  let sum: f64 = 1.0 / 21
  sum = sum * z + 1.0 / 19
  sum = sum * z + 1.0 / 17
  sum = sum * z + 1.0 / 15
  sum = sum * z + 1.0 / 13
  sum = sum * z + 1.0 / 11
  sum = sum * z + 1.0 / 9
  sum = sum * z + 1.0 / 7
  sum = sum * z + 1.0 / 5
  sum = sum * z + 1.0 / 3
  sum = sum * z + 1
  return 2 * s * sum + <f64>k * 0.6931471805599453
}

/**
 * Per row: `loss = Σ t·(ln Σ e^(l − max) − (l − max))` and `residual = softmax(l)·Σt − t`. A NaN or infinite logit gives
 * NaN, never a plausible number.
 */
export function softmaxCrossEntropy(
  logits: usize,
  targets: usize,
  rows: i32,
  classes: i32,
  losses: usize,
  residual: usize,
): void {
  for (let n: i32 = 0; n < rows; n++) {
    let highest: f32 = -Infinity
    let bad = false
    for (let k: i32 = 0; k < classes; k++) {
      const l = load<f32>(logits + ((<usize>k) << 2))
      if (l != l) bad = true
      highest = max<f32>(highest, l)
    }
    if (bad || highest == Infinity || highest == -Infinity) {
      store<f32>(losses, NaN)
      for (let k: i32 = 0; k < classes; k++) store<f32>(residual + ((<usize>k) << 2), NaN)
    } else {
      let total: f64 = 0
      let weight: f64 = 0
      let weighted: f64 = 0
      for (let k: i32 = 0; k < classes; k++) {
        const at = (<usize>k) << 2
        const shifted = <f64>load<f32>(logits + at) - <f64>highest
        const t = <f64>load<f32>(targets + at)
        const e = exp(shifted)
        // The residual's place holds the exponential until the sum is known.
        store<f32>(residual + at, <f32>e)
        total += e
        weight += t
        // A class of probability zero with no target counts for nothing (0 · −∞ would be NaN).
        if (t != 0) weighted += t * shifted
      }
      store<f32>(losses, <f32>(weight * log(total) - weighted))
      const scale = weight / total
      for (let k: i32 = 0; k < classes; k++) {
        const at = (<usize>k) << 2
        store<f32>(residual + at, <f32>(<f64>load<f32>(residual + at) * scale - <f64>load<f32>(targets + at)))
      }
    }
    logits += (<usize>classes) << 2
    targets += (<usize>classes) << 2
    residual += (<usize>classes) << 2
    losses += 4
  }
}
