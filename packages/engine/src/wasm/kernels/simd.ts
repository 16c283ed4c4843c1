// Small helpers shared by all kernels. AssemblyScript: compiled by scripts/build-kernels.mjs, not by tsc.

/** `a·b + c`, one rounding in the relaxed build, two in the plain one. */
// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** Copies `count` floats that do not overlap; short runs, so inline vectors beat memory.copy. */
// @ts-expect-error: decorator
@inline
export function copyFloats(to: usize, from: usize, count: i32): void {
  if (count >= 4) {
    const last = <usize>(count - 4) << 2
    for (let j: usize = 0; j < last; j += 16) v128.store(to + j, v128.load(from + j))
    // The last vector may overlap the one before: cheaper than up to three single floats.
    v128.store(to + last, v128.load(from + last))
  } else {
    for (let j: i32 = 0; j < count; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)))
  }
}

/** Writes `count` zeros. */
// @ts-expect-error: decorator
@inline
export function zeroFloats(to: usize, count: i32): void {
  let j: i32 = 0
  const zero = f32x4.splat(0)
  for (; j + 4 <= count; j += 4) v128.store(to + (<usize>j << 2), zero)
  for (; j < count; j++) store<f32>(to + (<usize>j << 2), 0)
}
