// The exponential function, four at a time.

/** `e^v` for v ≤ 0; NaN passes. */
// @ts-expect-error: decorator
@inline
export function expOfNegative(v: v128): v128 {
  // Below this the result is 0.
  const c = f32x4.max(v, f32x4.splat(-104))
  const k = f32x4.nearest(f32x4.mul(c, f32x4.splat(1.44269504088896341)))
  // log 2 in two parts; the first has few bits, so that small multiples of it are exact.
  const high = f32x4.sub(c, f32x4.mul(k, f32x4.splat(0.693359375)))
  const r = f32x4.sub(high, f32x4.mul(k, f32x4.splat(-2.12194440e-4)))
  let p = f32x4.splat(1.0 / 5040)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  // 2ᵏ in two factors, each of which is a normal number.
  const whole = i32x4.trunc_sat_f32x4_s(k)
  const half = i32x4.shr_s(whole, 1)
  const bias = i32x4.splat(127)
  const first = i32x4.shl(i32x4.add(half, bias), 23)
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), bias), 23)
  return f32x4.mul(f32x4.mul(p, first), second)
}
