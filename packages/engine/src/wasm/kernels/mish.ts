// Mish, x · tanh(log(1 + eˣ)), and its slope, four at a time.
import { expOfNegative } from './exp'

/**
 * With a = e^min(x, 0) and b = e^−max(x, 0), of which one is 1 and neither overflows, eˣ = a/b, so that
 * `tanh(log(1 + eˣ)) = a(a + 2b) / d` with `d = a² + 2ab + 2b²`. Nothing is subtracted: small values keep their digits.
 */
// @ts-expect-error: decorator
@inline
export function mishOf(x: v128): v128 {
  const one = f32x4.splat(1)
  const e = expOfNegative(f32x4.neg(f32x4.abs(x)))
  const right = f32x4.gt(x, f32x4.splat(0))
  const a = v128.bitselect(one, e, right)
  const b = v128.bitselect(e, one, right)
  const twice = f32x4.add(b, b)
  const product = f32x4.mul(a, f32x4.add(a, twice))
  return f32x4.mul(x, f32x4.div(product, f32x4.add(product, f32x4.mul(twice, b))))
}

/** Slope of `mishOf`: `tanh + x · σ(x)(1 − tanh²)`, where the last two factors are `4ab²(a + b) / d²`. */
// @ts-expect-error: decorator
@inline
export function mishSlopeOf(x: v128): v128 {
  const one = f32x4.splat(1)
  const e = expOfNegative(f32x4.neg(f32x4.abs(x)))
  const right = f32x4.gt(x, f32x4.splat(0))
  const a = v128.bitselect(one, e, right)
  const b = v128.bitselect(e, one, right)
  const twice = f32x4.add(b, b)
  const product = f32x4.mul(a, f32x4.add(a, twice))
  const inverse = f32x4.div(one, f32x4.add(product, f32x4.mul(twice, b)))
  const bend = f32x4.mul(f32x4.mul(f32x4.mul(f32x4.mul(twice, twice), a), f32x4.add(a, b)), inverse)
  return f32x4.mul(f32x4.add(product, f32x4.mul(x, bend)), inverse)
}

/** Mish of one float. */
// @ts-expect-error: decorator
@inline
export function mishOfOne(x: f32): f32 {
  return f32x4.extract_lane(mishOf(f32x4.splat(x)), 0)
}

/** Its slope at one float. */
// @ts-expect-error: decorator
@inline
export function mishSlopeOfOne(x: f32): f32 {
  return f32x4.extract_lane(mishSlopeOf(f32x4.splat(x)), 0)
}

/** `y = mish(x)`. */
export function mish(x: usize, count: i32, y: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(y, mishOf(v128.load(x)))
    x += 16
    y += 16
  }
  for (; i < count; i++) {
    store<f32>(y, mishOfOne(load<f32>(x)))
    x += 4
    y += 4
  }
}

/** `dx = dy · slope(x)`. */
export function mishGrad(dy: usize, x: usize, count: i32, dx: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(dx, f32x4.mul(v128.load(dy), mishSlopeOf(v128.load(x))))
    dy += 16
    x += 16
    dx += 16
  }
  for (; i < count; i++) {
    store<f32>(dx, load<f32>(dy) * mishSlopeOfOne(load<f32>(x)))
    dy += 4
    x += 4
    dx += 4
  }
}
