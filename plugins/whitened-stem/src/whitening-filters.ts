import type { Shape } from '@tricklab/core'

/** Second moments of all patches of `size` × `size` of some images: the mean of p·pᵀ, row by row. */
export function patchMoments(images: Float32Array, [height, width, channels]: Shape, size: number): Float64Array {
  const length = size * size * channels
  const moments = new Float64Array(length * length)
  const patch = new Float64Array(length)
  let count = 0
  for (let image = 0; image < images.length; image += height * width * channels) {
    for (let y = 0; y + size <= height; y++) {
      for (let x = 0; x + size <= width; x++, count++) {
        for (let row = 0; row < size; row++) {
          const start = image + ((y + row) * width + x) * channels
          patch.set(images.subarray(start, start + size * channels), row * size * channels)
        }
        for (let i = 0; i < length; i++)
          for (let j = 0; j < length; j++) moments[i * length + j]! += patch[i]! * patch[j]!
      }
    }
  }
  return moments.map((sum) => sum / count)
}

/** Eigenvalues of a symmetric matrix and their eigenvectors of length 1, by Jacobi rotations, largest first. */
export function eigenOf(symmetric: Float64Array): { readonly value: number; readonly vector: Float64Array }[] {
  const n = Math.sqrt(symmetric.length)
  const [a, v] = [symmetric.slice(), new Float64Array(n * n)]
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p * n + q] === 0) continue
        const ratio = (a[q * n + q]! - a[p * n + p]!) / (2 * a[p * n + q]!)
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1))
        const cos = 1 / Math.hypot(tangent, 1)
        const sin = tangent * cos
        const turn = (values: Float64Array, i: number, j: number) => {
          const [x, y] = [values[i]!, values[j]!]
          values[i] = cos * x - sin * y
          values[j] = sin * x + cos * y
        }
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q)
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k)
        for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q)
      }
    }
  }
  const found = Array.from({ length: n }, (_, i) => ({
    value: a[i * n + i]!,
    vector: Float64Array.from({ length: n }, (_, k) => v[k * n + i]!),
  }))
  return found.sort((one, other) => other.value - one.value)
}

/**
 * Filters under which patches are white, each beside its negative: eigenvectors / √(eigenvalue + epsilon), largest first.
 * The first number of a vector that is not near 0 is above 0, so that every machine has the same signs.
 * @shape `[size, size, C, 2 · size² · C]`
 */
export function whiteningFilters(moments: Float64Array, epsilon: number): Float32Array {
  const parts = eigenOf(moments)
  const n = parts.length
  const filters = new Float32Array(2 * n * n)
  for (const [index, { value, vector }] of parts.entries()) {
    const sign = Math.sign(vector.find((entry) => Math.abs(entry) > 1e-6)!)
    for (let k = 0; k < n; k++) {
      const weight = (sign * vector[k]!) / Math.sqrt(value + epsilon)
      filters[k * 2 * n + index] = weight
      filters[k * 2 * n + n + index] = -weight
    }
  }
  return filters
}
