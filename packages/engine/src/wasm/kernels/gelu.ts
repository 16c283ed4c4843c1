// GELU, x · Φ(x) with Φ the normal distribution, its form with the hyperbolic tangent, and their slopes, four at a time.
import { expOfNegative } from './exp'

/**
 * e^(−x²/2). A square of 24 bits would lose what the exponential then blows up, so x is split: the first part has 12 bits, the
 * square of which is exact, and what is left of x² is small.
 */
// @ts-expect-error: decorator
@inline
function bellOf(x: v128): v128 {
  const high = v128.and(x, i32x4.splat(0xfffff000))
  const half = f32x4.splat(-0.5)
  const rest = f32x4.mul(f32x4.mul(half, f32x4.sub(x, high)), f32x4.add(x, high))
  let p = f32x4.splat(1.0 / 24)
  p = f32x4.add(f32x4.mul(p, rest), f32x4.splat(1.0 / 6))
  p = f32x4.add(f32x4.mul(p, rest), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(p, rest), f32x4.splat(1))
  p = f32x4.add(f32x4.mul(p, rest), f32x4.splat(1))
  return f32x4.mul(expOfNegative(f32x4.mul(half, f32x4.mul(high, high))), p)
}

/**
 * Φ(−|x|) · e^(x²/2): a polynomial in t = 1 / (1 + |x| / √8) times t, fitted by Chebyshev's points for |x| ≤ 14.8, beyond which
 * the exponential is 0.
 */
// @ts-expect-error: decorator
@inline
function tailOf(x: v128): v128 {
  const one = f32x4.splat(1)
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.353553391), f32x4.abs(x))))
  let p = f32x4.splat(0.0087308743968606)
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.07484322041273117))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.24339494109153748))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.37051859498023987))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.23744778335094452))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.06201528012752533))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.11666768789291382))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.11860579997301102))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.1415008008480072))
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.1410292088985443))
  return f32x4.mul(p, t)
}

/** Beyond 15 Φ is 0 or 1; NaN passes. */
// @ts-expect-error: decorator
@inline
function bounded(x: v128): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(-15)), f32x4.splat(15))
}

/** Φ(c) where e^(−c²/2) is `bell`. */
// @ts-expect-error: decorator
@inline
function shareOf(c: v128, bell: v128): v128 {
  const tail = f32x4.mul(tailOf(c), bell)
  return v128.bitselect(f32x4.sub(f32x4.splat(1), tail), tail, f32x4.gt(c, f32x4.splat(0)))
}

/** What comes near Φ(c): (1 + tanh(u)) / 2, which is σ(2u), with u = √(2/π) · (c + 0.044715c³). */
// @ts-expect-error: decorator
@inline
function gateOf(c: v128): v128 {
  const one = f32x4.splat(1)
  const bend = f32x4.add(one, f32x4.mul(f32x4.splat(0.044715), f32x4.mul(c, c)))
  const u = f32x4.mul(f32x4.mul(f32x4.splat(1.59576912), c), bend)
  const e = expOfNegative(f32x4.neg(f32x4.abs(u)))
  return f32x4.div(v128.bitselect(one, e, f32x4.gt(u, f32x4.splat(0))), f32x4.add(one, e))
}

// @ts-expect-error: decorator
@inline
function geluOf(x: v128, tanh: bool): v128 {
  const c = bounded(x)
  const y = f32x4.mul(x, tanh ? gateOf(c) : shareOf(c, bellOf(c)))
  // −∞ times nothing is no number.
  return v128.bitselect(f32x4.splat(-0.0), y, f32x4.lt(x, f32x4.splat(-15)))
}

// @ts-expect-error: decorator
@inline
function slopeOf(x: v128, tanh: bool): v128 {
  const c = bounded(x)
  if (tanh) {
    const gate = gateOf(c)
    const one = f32x4.splat(1)
    const bend = f32x4.add(one, f32x4.mul(f32x4.splat(3 * 0.044715), f32x4.mul(c, c)))
    const inner = f32x4.mul(f32x4.mul(gate, f32x4.sub(one, gate)), f32x4.mul(f32x4.splat(1.59576912), bend))
    return f32x4.add(gate, f32x4.mul(c, inner))
  }
  // Φ(c) + c · e^(−c²/2) / √(2π)
  const bell = bellOf(c)
  return f32x4.add(shareOf(c, bell), f32x4.mul(f32x4.mul(c, f32x4.splat(0.39894228)), bell))
}

/** `y = gelu(x)`; `tanh` chooses the form. */
export function gelu(x: usize, count: i32, tanh: bool, y: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(y, geluOf(v128.load(x), tanh))
    x += 16
    y += 16
  }
  for (; i < count; i++) {
    store<f32>(y, f32x4.extract_lane(geluOf(f32x4.splat(load<f32>(x)), tanh), 0))
    x += 4
    y += 4
  }
}

/** `dx = dy · slope(x)`. */
export function geluGrad(dy: usize, x: usize, count: i32, tanh: bool, dx: usize): void {
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    v128.store(dx, f32x4.mul(v128.load(dy), slopeOf(v128.load(x), tanh)))
    dy += 16
    x += 16
    dx += 16
  }
  for (; i < count; i++) {
    store<f32>(dx, load<f32>(dy) * f32x4.extract_lane(slopeOf(f32x4.splat(load<f32>(x)), tanh), 0))
    dy += 4
    x += 4
    dx += 4
  }
}
