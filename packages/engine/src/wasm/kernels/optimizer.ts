// Optimizer steps for one parameter tensor.

/**
 * AdamW in PyTorch's order: `p·keep`, `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²`,
 * `p − stepSize·m / (sqrt(v)·rootScale + epsilon)`; `keep = 1 − lr·decay`, `stepSize = lr/(1−β1^t)`,
 * `rootScale = 1/sqrt(1−β2^t)`.
 */
export function adamw(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  count: i32,
  keep: f32,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  stepSize: f32,
  rootScale: f32,
  epsilon: f32,
  pOut: usize,
  mOut: usize,
  vOut: usize,
): void {
  const keepV = f32x4.splat(keep)
  const b1 = f32x4.splat(beta1)
  const c1 = f32x4.splat(oneMinusBeta1)
  const b2 = f32x4.splat(beta2)
  const c2 = f32x4.splat(oneMinusBeta2)
  const size = f32x4.splat(stepSize)
  const root = f32x4.splat(rootScale)
  const eps = f32x4.splat(epsilon)
  const bytes = (<usize>count) << 2
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    const gv = v128.load(g + i)
    const mv = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(c1, gv))
    const vv = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(c2, f32x4.mul(gv, gv)))
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(vv), root), eps)
    const pv = f32x4.mul(v128.load(p + i), keepV)
    v128.store(pOut + i, f32x4.sub(pv, f32x4.div(f32x4.mul(size, mv), denominator)))
    v128.store(mOut + i, mv)
    v128.store(vOut + i, vv)
  }
  for (; i < bytes; i += 4) {
    const gv = load<f32>(g + i)
    const mv = beta1 * load<f32>(m + i) + oneMinusBeta1 * gv
    const vv = beta2 * load<f32>(v + i) + oneMinusBeta2 * (gv * gv)
    store<f32>(pOut + i, load<f32>(p + i) * keep - (stepSize * mv) / (sqrt<f32>(vv) * rootScale + epsilon))
    store<f32>(mOut + i, mv)
    store<f32>(vOut + i, vv)
  }
}

/** SGD with momentum in PyTorch's order; `first` is step 1, where the buffer becomes the gradient. */
export function sgd(
  p: usize,
  b: usize,
  g: usize,
  count: i32,
  learningRate: f32,
  decay: f32,
  momentum: f32,
  keepGradient: f32,
  nesterov: bool,
  first: bool,
  pOut: usize,
  bOut: usize,
): void {
  for (let i: i32 = 0; i < count; i += 4) {
    const at = (<usize>i) << 2
    if (i + 4 <= count) {
      const pv = v128.load(p + at)
      const gv = f32x4.add(v128.load(g + at), f32x4.mul(f32x4.splat(decay), pv))
      const bv = first
        ? gv
        : f32x4.add(f32x4.mul(f32x4.splat(momentum), v128.load(b + at)), f32x4.mul(f32x4.splat(keepGradient), gv))
      const d = nesterov ? f32x4.add(gv, f32x4.mul(f32x4.splat(momentum), bv)) : bv
      v128.store(pOut + at, f32x4.sub(pv, f32x4.mul(f32x4.splat(learningRate), d)))
      v128.store(bOut + at, bv)
    } else {
      for (let j = at; j < (<usize>count) << 2; j += 4) {
        const pv = load<f32>(p + j)
        const gv = load<f32>(g + j) + decay * pv
        const bv = first ? gv : momentum * load<f32>(b + j) + keepGradient * gv
        const d = nesterov ? gv + momentum * bv : bv
        store<f32>(pOut + j, pv - learningRate * d)
        store<f32>(bOut + j, bv)
      }
    }
  }
}

/** `means[c]` of `x[rows, channels]`; float64 sums. */
export function columnMeans(x: usize, rows: i32, channels: i32, means: usize): void {
  const stride = <usize>channels << 2
  for (let c: i32 = 0; c < channels; c++) {
    let sum: f64 = 0
    let p = x + (<usize>c << 2)
    for (let r: i32 = 0; r < rows; r++) {
      sum += <f64>load<f32>(p)
      p += stride
    }
    store<f32>(means + (<usize>c << 2), <f32>(sum / <f64>rows))
  }
}

/**
 * Ranger: `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²`, `f = p·keep − stepSize·(rectified ? m / (sqrt(v) + epsilon) : m)`,
 * `p ← alpha = 0 ? f : s + alpha·(f − s)`. With `means`, one a channel, g loses them first; without, `means` is 0 and
 * all is one row.
 */
export function ranger(
  p: usize,
  m: usize,
  v: usize,
  s: usize,
  g: usize,
  rows: i32,
  channels: i32,
  means: usize,
  keep: f32,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  stepSize: f32,
  epsilon: f32,
  alpha: f32,
  rectified: bool,
  pOut: usize,
  mOut: usize,
  vOut: usize,
): void {
  const keepV = f32x4.splat(keep)
  const b1 = f32x4.splat(beta1)
  const c1 = f32x4.splat(oneMinusBeta1)
  const b2 = f32x4.splat(beta2)
  const c2 = f32x4.splat(oneMinusBeta2)
  const size = f32x4.splat(stepSize)
  const eps = f32x4.splat(epsilon)
  const share = f32x4.splat(alpha)
  const rowBytes = <usize>channels << 2
  for (let r: i32 = 0; r < rows; r++) {
    const start = <usize>r * rowBytes
    let i: usize = 0
    for (; i + 16 <= rowBytes; i += 16) {
      const at = start + i
      let gv = v128.load(g + at)
      if (means) gv = f32x4.sub(gv, v128.load(means + i))
      const mv = f32x4.add(f32x4.mul(b1, v128.load(m + at)), f32x4.mul(c1, gv))
      const vv = f32x4.add(f32x4.mul(b2, v128.load(v + at)), f32x4.mul(c2, f32x4.mul(gv, gv)))
      const direction = rectified ? f32x4.div(mv, f32x4.add(f32x4.sqrt(vv), eps)) : mv
      let pv = f32x4.sub(f32x4.mul(v128.load(p + at), keepV), f32x4.mul(size, direction))
      if (alpha != 0) {
        const sv = v128.load(s + at)
        pv = f32x4.add(sv, f32x4.mul(share, f32x4.sub(pv, sv)))
      }
      v128.store(pOut + at, pv)
      v128.store(mOut + at, mv)
      v128.store(vOut + at, vv)
    }
    for (; i < rowBytes; i += 4) {
      const at = start + i
      let gv = load<f32>(g + at)
      if (means) gv -= load<f32>(means + i)
      const mv = beta1 * load<f32>(m + at) + oneMinusBeta1 * gv
      const vv = beta2 * load<f32>(v + at) + oneMinusBeta2 * (gv * gv)
      const direction: f32 = rectified ? mv / (sqrt<f32>(vv) + epsilon) : mv
      let pv = load<f32>(p + at) * keep - stepSize * direction
      if (alpha != 0) {
        const sv = load<f32>(s + at)
        pv = sv + alpha * (pv - sv)
      }
      store<f32>(pOut + at, pv)
      store<f32>(mOut + at, mv)
      store<f32>(vOut + at, vv)
    }
  }
}
