// Batch norm over the last axis of [rows, channels]. Sums are float64, so 400 000 rows lose nothing.
import { mishOf, mishOfOne, mishSlopeOf, mishSlopeOfOne } from './mish'
import { ROW_BLOCK } from './reduce'
import { madd } from './simd'

/** What is applied to the result: 0 nothing, 1 ReLU, 2 Mish. */
type Activation = i32
const RELU: Activation = 1
const MISH: Activation = 2

// @ts-expect-error: decorator
@inline
function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
}

/** Σx and Σx² of one block of rows, added to `sum[channels]` and `square[channels]` (float64; squares are exact). */
function addMoments(x: usize, rows: i32, channels: i32, sum: usize, square: usize): void {
  const stride = <usize>channels << 2
  let i: i32 = 0
  for (; i + 4 <= channels; i += 4) {
    let p = x + (<usize>i << 2)
    const at = <usize>i << 3
    let s0 = v128.load(sum + at)
    let s1 = v128.load(sum + at, 16)
    let q0 = v128.load(square + at)
    let q1 = v128.load(square + at, 16)
    for (let r: i32 = 0; r < rows; r++) {
      const v = v128.load(p)
      const lo = f64x2.promote_low_f32x4(v)
      const hi = highHalf(v)
      s0 = f64x2.add(s0, lo)
      s1 = f64x2.add(s1, hi)
      q0 = f64x2.add(q0, f64x2.mul(lo, lo))
      q1 = f64x2.add(q1, f64x2.mul(hi, hi))
      p += stride
    }
    v128.store(sum + at, s0)
    v128.store(sum + at, s1, 16)
    v128.store(square + at, q0)
    v128.store(square + at, q1, 16)
  }
  for (; i < channels; i++) {
    let p = x + (<usize>i << 2)
    const at = <usize>i << 3
    let s = load<f64>(sum + at)
    let q = load<f64>(square + at)
    for (let r: i32 = 0; r < rows; r++) {
      const v = <f64>load<f32>(p)
      s += v
      q += v * v
      p += stride
    }
    store<f64>(sum + at, s)
    store<f64>(square + at, q)
  }
}

/** `stats[0] = mean`, `stats[1] = biased variance` of `x[rows, channels]`; `workspace` holds `16·channels` bytes. */
export function batchMoments(x: usize, rows: i32, channels: i32, stats: usize, workspace: usize): void {
  const sum = workspace
  const square = workspace + (<usize>channels << 3)
  memory.fill(workspace, 0, <usize>channels << 4)
  for (let r: i32 = 0; r < rows; r += ROW_BLOCK) {
    addMoments(x + ((<usize>r * <usize>channels) << 2), min(ROW_BLOCK, rows - r), channels, sum, square)
  }
  for (let c: i32 = 0; c < channels; c++) {
    const mean = load<f64>(sum + (<usize>c << 3)) / <f64>rows
    const variance = load<f64>(square + (<usize>c << 3)) / <f64>rows - mean * mean
    store<f32>(stats + (<usize>c << 2), <f32>mean)
    store<f32>(stats + (<usize>(channels + c) << 2), <f32>max(variance, 0))
  }
}

/** `out[c] = gamma[c] / sqrt(variance[c] + epsilon)`. */
export function batchNormScale(gamma: usize, variance: usize, channels: i32, epsilon: f64, out: usize): void {
  for (let c: i32 = 0; c < channels; c++) {
    const at = <usize>c << 2
    store<f32>(out + at, <f32>(<f64>load<f32>(gamma + at) / sqrt(<f64>load<f32>(variance + at) + epsilon)))
  }
}

/** `y = act((x − mean)·scale + beta)` over `[rows, channels]`. */
export function normalize(
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  scale: usize,
  beta: usize,
  activation: Activation,
  y: usize,
): void {
  const stride = <usize>channels << 2
  const zero = f32x4.splat(0)
  for (let r0: i32 = 0; r0 < rows; r0 += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - r0)
    const start = <usize>r0 * stride
    let i: i32 = 0
    for (; i + 4 <= channels; i += 4) {
      const at = <usize>i << 2
      let p = x + start + at
      let q = y + start + at
      const m = v128.load(mean + at)
      const s = v128.load(scale + at)
      const b = v128.load(beta + at)
      if (activation == RELU) {
        for (let r: i32 = 0; r < count; r++) {
          v128.store(q, f32x4.max(madd(f32x4.sub(v128.load(p), m), s, b), zero))
          p += stride
          q += stride
        }
      } else if (activation == MISH) {
        for (let r: i32 = 0; r < count; r++) {
          v128.store(q, mishOf(madd(f32x4.sub(v128.load(p), m), s, b)))
          p += stride
          q += stride
        }
      } else {
        for (let r: i32 = 0; r < count; r++) {
          v128.store(q, madd(f32x4.sub(v128.load(p), m), s, b))
          p += stride
          q += stride
        }
      }
    }
    for (; i < channels; i++) {
      const at = <usize>i << 2
      let p = x + start + at
      let q = y + start + at
      const m = load<f32>(mean + at)
      const s = load<f32>(scale + at)
      const b = load<f32>(beta + at)
      for (let r: i32 = 0; r < count; r++) {
        const value = (load<f32>(p) - m) * s + b
        store<f32>(q, activation == RELU ? max<f32>(value, 0) : activation == MISH ? mishOfOne(value) : value)
        p += stride
        q += stride
      }
    }
  }
}

/**
 * Σg and Σg·(x − mean) of one block of rows, where g is what of dy passes the activation. Mish's slope is dear, so for it
 * g is also stored at `passed`.
 */
function addGradMoments(
  dy: usize,
  passed: usize,
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  scale: usize,
  beta: usize,
  activation: Activation,
  sum: usize,
  dot: usize,
): void {
  const stride = <usize>channels << 2
  const zero = f32x4.splat(0)
  let i: i32 = 0
  for (; i + 4 <= channels; i += 4) {
    let p = x + (<usize>i << 2)
    let q = dy + (<usize>i << 2)
    let to = passed + (<usize>i << 2)
    const at = <usize>i << 3
    const m = v128.load(mean + (<usize>i << 2))
    const s = v128.load(scale + (<usize>i << 2))
    const b = v128.load(beta + (<usize>i << 2))
    let s0 = v128.load(sum + at)
    let s1 = v128.load(sum + at, 16)
    let d0 = v128.load(dot + at)
    let d1 = v128.load(dot + at, 16)
    for (let r: i32 = 0; r < rows; r++) {
      let g = v128.load(q)
      const centred = f32x4.sub(v128.load(p), m)
      if (activation == RELU) g = v128.and(g, f32x4.gt(madd(centred, s, b), zero))
      else if (activation == MISH) {
        g = f32x4.mul(g, mishSlopeOf(madd(centred, s, b)))
        v128.store(to, g)
        to += stride
      }
      const product = f32x4.mul(g, centred)
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(g))
      s1 = f64x2.add(s1, highHalf(g))
      d0 = f64x2.add(d0, f64x2.promote_low_f32x4(product))
      d1 = f64x2.add(d1, highHalf(product))
      p += stride
      q += stride
    }
    v128.store(sum + at, s0)
    v128.store(sum + at, s1, 16)
    v128.store(dot + at, d0)
    v128.store(dot + at, d1, 16)
  }
  for (; i < channels; i++) {
    const at4 = <usize>i << 2
    let p = x + at4
    let q = dy + at4
    let to = passed + at4
    const at = <usize>i << 3
    const m = load<f32>(mean + at4)
    const s = load<f32>(scale + at4)
    const b = load<f32>(beta + at4)
    let total = load<f64>(sum + at)
    let dots = load<f64>(dot + at)
    for (let r: i32 = 0; r < rows; r++) {
      const centred = load<f32>(p) - m
      let g = load<f32>(q)
      if (activation == RELU && !(centred * s + b > 0)) g = 0
      else if (activation == MISH) {
        g *= mishSlopeOfOne(centred * s + b)
        store<f32>(to, g)
        to += stride
      }
      total += <f64>g
      dots += <f64>(g * centred)
      p += stride
      q += stride
    }
    store<f64>(sum + at, total)
    store<f64>(dot + at, dots)
  }
}

/**
 * Gradient of batch norm with batch statistics: with `d = Σdy/rows` and `e = Σdy·(x−mean)/rows / (variance+epsilon)`,
 * `dx = scale · (dy − d − (x − mean)·e)`. `workspace` holds `28·channels` bytes, 8-aligned.
 */
export function batchNormGrad(
  dy: usize,
  x: usize,
  rows: i32,
  channels: i32,
  gamma: usize,
  beta: usize,
  stats: usize,
  epsilon: f64,
  activation: Activation,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  workspace: usize,
): void {
  const mean = stats
  const variance = stats + (<usize>channels << 2)
  const sum = workspace
  const dot = sum + (<usize>channels << 3)
  const scale = dot + (<usize>channels << 3)
  const offset = scale + (<usize>channels << 2)
  const slope = offset + (<usize>channels << 2)
  const stride = <usize>channels << 2
  memory.fill(workspace, 0, <usize>channels << 4)
  batchNormScale(gamma, variance, channels, epsilon, scale)
  for (let r: i32 = 0; r < rows; r += ROW_BLOCK) {
    const start = <usize>r * stride
    const count = min(ROW_BLOCK, rows - r)
    addGradMoments(dy + start, dx + start, x + start, count, channels, mean, scale, beta, activation, sum, dot)
  }
  // From here on dx holds what passed.
  if (activation == MISH) dy = dx
  for (let c: i32 = 0; c < channels; c++) {
    const at = <usize>c << 2
    const total = load<f64>(sum + (<usize>c << 3))
    const dots = load<f64>(dot + (<usize>c << 3))
    const shifted = <f64>load<f32>(variance + at) + epsilon
    store<f32>(dbeta + at, <f32>total)
    store<f32>(dgamma + at, <f32>(dots / sqrt(shifted)))
    store<f32>(offset + at, <f32>(total / <f64>rows))
    store<f32>(slope + at, <f32>(dots / <f64>rows / shifted))
  }
  const zero = f32x4.splat(0)
  for (let r0: i32 = 0; r0 < rows; r0 += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - r0)
    const start = <usize>r0 * stride
    let i: i32 = 0
    for (; i + 4 <= channels; i += 4) {
      const at = <usize>i << 2
      let p = x + start + at
      let q = dy + start + at
      let to = dx + start + at
      const m = v128.load(mean + at)
      const s = v128.load(scale + at)
      const b = v128.load(beta + at)
      const d = v128.load(offset + at)
      const minusSlope = f32x4.neg(v128.load(slope + at))
      for (let r: i32 = 0; r < count; r++) {
        let g = v128.load(q)
        const centred = f32x4.sub(v128.load(p), m)
        if (activation == RELU) g = v128.and(g, f32x4.gt(madd(centred, s, b), zero))
        v128.store(to, f32x4.mul(s, madd(centred, minusSlope, f32x4.sub(g, d))))
        p += stride
        q += stride
        to += stride
      }
    }
    for (; i < channels; i++) {
      const at = <usize>i << 2
      let p = x + start + at
      let q = dy + start + at
      let to = dx + start + at
      const m = load<f32>(mean + at)
      const s = load<f32>(scale + at)
      const b = load<f32>(beta + at)
      const d = load<f32>(offset + at)
      const e = load<f32>(slope + at)
      for (let r: i32 = 0; r < count; r++) {
        const centred = load<f32>(p) - m
        const g: f32 = activation != RELU || centred * s + b > 0 ? load<f32>(q) : 0
        store<f32>(to, s * (g - d - centred * e))
        p += stride
        q += stride
        to += stride
      }
    }
  }
}
