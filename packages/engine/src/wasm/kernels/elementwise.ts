// Maps over whole tensors. Each runs in blocks of four; the last block of fewer goes through single floats.
import { madd } from './simd'

/** `y = (x > 0 ? x : alpha·x) − offset`. */
export function leakyReluOffset(x: usize, count: i32, alpha: f32, offset: f32, y: usize): void {
  const a = f32x4.splat(alpha)
  const o = f32x4.splat(offset)
  const zero = f32x4.splat(0)
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(x)
    v128.store(y, f32x4.sub(v128.bitselect(v, f32x4.mul(v, a), f32x4.gt(v, zero)), o))
    x += 16
    y += 16
  }
  for (; i < count; i++) {
    const v = load<f32>(x)
    store<f32>(y, (v > 0 ? v : alpha * v) - offset)
    x += 4
    y += 4
  }
}

/** `dx = dy·(x > 0 ? 1 : alpha)`. */
export function leakyReluOffsetGrad(dy: usize, x: usize, count: i32, alpha: f32, dx: usize): void {
  const a = f32x4.splat(alpha)
  const zero = f32x4.splat(0)
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    const g = v128.load(dy)
    v128.store(dx, v128.bitselect(g, f32x4.mul(g, a), f32x4.gt(v128.load(x), zero)))
    x += 16
    dy += 16
    dx += 16
  }
  for (; i < count; i++) {
    const g = load<f32>(dy)
    store<f32>(dx, load<f32>(x) > 0 ? g : g * alpha)
    x += 4
    dy += 4
    dx += 4
  }
}

/** `dx = y > 0 ? dy : 0`. */
export function reluGrad(dy: usize, y: usize, count: i32, dx: usize): void {
  const zero = f32x4.splat(0)
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(dx, v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero)))
    y += 16
    dy += 16
    dx += 16
  }
  for (; i < count; i++) {
    store<f32>(dx, load<f32>(y) > 0 ? load<f32>(dy) : 0)
    y += 4
    dy += 4
    dx += 4
  }
}

/** `y = relu(a + b)`. */
export function addRelu(a: usize, b: usize, count: i32, y: usize): void {
  const zero = f32x4.splat(0)
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(y, f32x4.max(f32x4.add(v128.load(a), v128.load(b)), zero))
    a += 16
    b += 16
    y += 16
  }
  for (; i < count; i++) {
    store<f32>(y, max<f32>(load<f32>(a) + load<f32>(b), 0))
    a += 4
    b += 4
    y += 4
  }
}

/** `y = x·scale` where `hash(key, i) ≥ threshold` (unsigned), else 0; the hash is core's `dropoutHash`. */
export function dropout(x: usize, count: i32, key: i32, threshold: u32, scale: f32, y: usize): void {
  const k = i32x4.splat(key)
  const keyTerm = i32x4.splat(key * <i32>0x9e3779b9)
  const m1 = i32x4.splat(0x7feb352d)
  const m2 = i32x4.splat(<i32>0x846ca68b)
  const limit = i32x4.splat(<i32>threshold)
  const s = f32x4.splat(scale)
  const four = i32x4.splat(4)
  let index = i32x4(0, 1, 2, 3)
  for (let i: i32 = 0; i < count; i += 4) {
    let z = v128.xor(index, k)
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), m1)
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 15)), m2)
    z = i32x4.add(v128.xor(z, i32x4.shr_u(z, 16)), keyTerm)
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), m1)
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 15)), m2)
    z = v128.xor(z, i32x4.shr_u(z, 16))
    const keep = i32x4.ge_u(z, limit)
    if (i + 4 <= count) {
      v128.store(y, v128.and(f32x4.mul(v128.load(x), s), keep))
    } else {
      if (i32x4.extract_lane(keep, 0) != 0) store<f32>(y, load<f32>(x) * scale)
      else store<f32>(y, 0)
      if (i + 1 < count) {
        if (i32x4.extract_lane(keep, 1) != 0) store<f32>(y, load<f32>(x, 4) * scale, 4)
        else store<f32>(y, 0, 4)
      }
      if (i + 2 < count) {
        if (i32x4.extract_lane(keep, 2) != 0) store<f32>(y, load<f32>(x, 8) * scale, 8)
        else store<f32>(y, 0, 8)
      }
    }
    index = i32x4.add(index, four)
    x += 16
    y += 16
  }
}

// @ts-expect-error: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b)
  if (op == 1) return f32x4.sub(a, b)
  if (op == 2) return f32x4.mul(a, b)
  if (op == 3) return f32x4.div(a, b)
  if (op == 4) return f32x4.sub(b, a)
  return f32x4.div(b, a)
}

// @ts-expect-error: decorator
@inline
function rowsWithVector(op: i32, a: usize, b: usize, middle: i32, inner: i32, out: usize): void {
  const bytes = <usize>inner << 2
  const whole = bytes & ~15
  for (let m: i32 = 0; m < middle; m++) {
    let i: usize = 0
    for (; i < whole; i += 16) v128.store(out + i, combine(op, v128.load(a + i), v128.load(b + i)))
    for (; i < bytes; i += 4) {
      const one = combine(op, v128.load32_zero(a + i), v128.load32_zero(b + i))
      store<f32>(out + i, f32x4.extract_lane(one, 0))
    }
    a += bytes
    out += bytes
  }
}

// @ts-expect-error: decorator
@inline
function runWithScalar(op: i32, a: usize, value: f32, count: i32, out: usize): void {
  const b = f32x4.splat(value)
  const bytes = <usize>count << 2
  const whole = bytes & ~15
  let i: usize = 0
  for (; i < whole; i += 16) v128.store(out + i, combine(op, v128.load(a + i), b))
  for (; i < bytes; i += 4) {
    store<f32>(out + i, f32x4.extract_lane(combine(op, v128.load32_zero(a + i), b), 0))
  }
}

/**
 * `out[o, m, i] = a[o, m, i] ∘ b[o, i]`; op 0 add, 1 sub, 2 mul, 3 div, 4 and 5 sub and div with operands exchanged.
 * `outer` 1 is a trailing vector, `middle` 1 equal shapes.
 */
export function binaryMiddle(op: i32, a: usize, b: usize, outer: i32, middle: i32, inner: i32, out: usize): void {
  const step = (<usize>middle * <usize>inner) << 2
  for (let o: i32 = 0; o < outer; o++) {
    if (inner == 1) {
      const value = load<f32>(b)
      if (op == 0) runWithScalar(0, a, value, middle, out)
      else if (op == 1) runWithScalar(1, a, value, middle, out)
      else if (op == 2) runWithScalar(2, a, value, middle, out)
      else if (op == 3) runWithScalar(3, a, value, middle, out)
      else if (op == 4) runWithScalar(4, a, value, middle, out)
      else runWithScalar(5, a, value, middle, out)
    } else {
      if (op == 0) rowsWithVector(0, a, b, middle, inner, out)
      else if (op == 1) rowsWithVector(1, a, b, middle, inner, out)
      else if (op == 2) rowsWithVector(2, a, b, middle, inner, out)
      else if (op == 3) rowsWithVector(3, a, b, middle, inner, out)
      else if (op == 4) rowsWithVector(4, a, b, middle, inner, out)
      else rowsWithVector(5, a, b, middle, inner, out)
    }
    a += step
    out += step
    b += <usize>inner << 2
  }
}

/** `to[c, r] = from[r, c]`. */
export function transpose(from: usize, rows: i32, columns: i32, to: usize): void {
  for (let r: i32 = 0; r < rows; r++) {
    let target = to + (<usize>r << 2)
    for (let c: i32 = 0; c < columns; c++) {
      store<f32>(target, load<f32>(from))
      from += 4
      target += <usize>rows << 2
    }
  }
}

/** `out[ids[i], :] += x[i, :]`; ids outside 0 … segments are dropped. `out` is zeroed first. */
export function segmentSum(x: usize, ids: usize, count: i32, inner: i32, segments: i32, out: usize): void {
  const bytes = <usize>inner << 2
  memory.fill(out, 0, <usize>segments * bytes)
  for (let i: i32 = 0; i < count; i++) {
    const id = load<i32>(ids + (<usize>i << 2))
    if (id >= 0 && id < segments) {
      const to = out + <usize>id * bytes
      let j: usize = 0
      for (; j + 16 <= bytes; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(x + j)))
      for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(x + j))
    }
    x += bytes
  }
}

/** `out += x`. */
export function accumulate(x: usize, count: i32, out: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(out, f32x4.add(v128.load(out), v128.load(x)))
    x += 16
    out += 16
  }
  for (; i < count; i++) {
    store<f32>(out, load<f32>(out) + load<f32>(x))
    x += 4
    out += 4
  }
}

/** `out += a·b`. */
// @ts-expect-error: decorator
@inline
export function multiplyAdd(a: usize, b: usize, count: i32, out: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(out, madd(v128.load(a), v128.load(b), v128.load(out)))
    a += 16
    b += 16
    out += 16
  }
  for (; i < count; i++) {
    store<f32>(out, load<f32>(out) + load<f32>(a) * load<f32>(b))
    a += 4
    b += 4
    out += 4
  }
}

/** Writes `count` zeros. */
export function zero(out: usize, count: i32): void {
  memory.fill(out, 0, <usize>count << 2)
}
