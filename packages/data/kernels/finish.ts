// What is done to every value of a finished image. `count` is rounded up to whole vectors.

// As far as float32 tells a value from 0 and 1.
const margin: f32 = 1e-7

/** `x = sigmoid(contrast · (logit(x) + shift))`. */
export function light(values: usize, count: i32, shift: f32, contrast: f32): void {
  const one = f32x4.splat(1)
  const low = f32x4.splat(margin)
  const high = f32x4.splat(<f32>(1.0 - 1e-7))
  const s = f32x4.splat(shift)
  const c = f32x4.splat(-contrast)
  const end = values + ((<usize>count) << 2)
  for (; values < end; values += 16) {
    const x = f32x4.min(f32x4.max(v128.load(values), low), high)
    const logit = log(f32x4.div(x, f32x4.sub(one, x)))
    v128.store(values, f32x4.div(one, f32x4.add(one, exp(f32x4.mul(c, f32x4.add(logit, s))))))
  }
}

/** ln x for normal x > 0: the exponent plus 2·atanh((m − 1)/(m + 1)) for a mantissa m in [√½, √2). */
function log(x: v128): v128 {
  // Moves the mantissa's range so that the exponent of [√½, √2) is 0.
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3))
  const exponent = i32x4.shr_s(shifted, 23)
  const m = i32x4.sub(x, i32x4.shl(exponent, 23))
  const s = f32x4.div(f32x4.sub(m, f32x4.splat(1)), f32x4.add(m, f32x4.splat(1)))
  const z = f32x4.mul(s, s)
  let sum = f32x4.splat(<f32>(2.0 / 9.0))
  sum = f32x4.add(f32x4.mul(sum, z), f32x4.splat(<f32>(2.0 / 7.0)))
  sum = f32x4.add(f32x4.mul(sum, z), f32x4.splat(<f32>(2.0 / 5.0)))
  sum = f32x4.add(f32x4.mul(sum, z), f32x4.splat(<f32>(2.0 / 3.0)))
  sum = f32x4.add(f32x4.mul(sum, z), f32x4.splat(2))
  const whole = f32x4.mul(f32x4.convert_i32x4_s(exponent), f32x4.splat(<f32>Math.LN2))
  return f32x4.add(f32x4.mul(sum, s), whole)
}

/** e^x for |x| below 87: 2^k by the exponent's bits times a Taylor polynomial on |r| ≤ ½ ln 2. */
function exp(x: v128): v128 {
  const bounded = f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(87))
  const k = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(<f32>Math.LOG2E)))
  // ln 2 in two parts, the first of few bits, so that k times it is exact.
  let r = f32x4.sub(bounded, f32x4.mul(k, f32x4.splat(<f32>0.693359375)))
  r = f32x4.add(r, f32x4.mul(k, f32x4.splat(<f32>2.1219444005469057e-4)))
  let sum = f32x4.splat(<f32>(1.0 / 5040.0))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>(1.0 / 720.0)))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>(1.0 / 120.0)))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>(1.0 / 24.0)))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>(1.0 / 6.0)))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>0.5))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1))
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23)
  return f32x4.mul(sum, power)
}

/** `x = (x − mean) / std` by channel; `table` holds twelve means and twelve deviations, four pixels' worth. */
export function normalize(values: usize, count: i32, table: usize): void {
  const end = values + ((<usize>count) << 2)
  for (; values < end; values += 48) {
    for (let i: usize = 0; i < 48; i += 16) {
      const x = f32x4.sub(v128.load(values + i), v128.load(table + i))
      v128.store(values + i, f32x4.div(x, v128.load(table + 48 + i)))
    }
  }
}
