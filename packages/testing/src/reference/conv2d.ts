import { offset4, type ReferenceArray, referenceArray } from './reference-array.ts'

/**
 * Cross-correlation with zero padding on every side, as deep learning calls convolution.
 *
 * `y[n, i, j, d] = Σ_{u, v, c} x[n, i·stride + u − padding, j·stride + v − padding, c] · filter[u, v, c, d]`
 * @shape x `[N, H, W, C]`, filter `[kh, kw, C, D]` → `[N, H', W', D]` with `H' = ⌊(H + 2·padding − kh) / stride⌋ + 1`
 */
export function conv2d(
  x: ReferenceArray,
  filter: ReferenceArray,
  { stride, padding }: { stride: number; padding: number },
): ReferenceArray {
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number]
  const [rows, columns, , depth] = filter.shape as readonly [number, number, number, number]
  const outHeight = Math.floor((height + 2 * padding - rows) / stride) + 1
  const outWidth = Math.floor((width + 2 * padding - columns) / stride) + 1
  const result = referenceArray([batch, outHeight, outWidth, depth])

  const sumAt = (n: number, i: number, j: number, d: number): number => {
    let sum = 0
    for (let u = 0; u < rows; u++) {
      for (let v = 0; v < columns; v++) {
        const y = i * stride + u - padding
        const z = j * stride + v - padding
        if (y < 0 || y >= height || z < 0 || z >= width) continue
        for (let c = 0; c < channels; c++) {
          sum += x.data[offset4(x.shape, n, y, z, c)]! * filter.data[offset4(filter.shape, u, v, c, d)]!
        }
      }
    }
    return sum
  }

  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        for (let d = 0; d < depth; d++) result.data[offset4(result.shape, n, i, j, d)] = sumAt(n, i, j, d)
      }
    }
  }
  return result
}
