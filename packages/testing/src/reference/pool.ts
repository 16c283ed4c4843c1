import { offset4, type ReferenceArray, referenceArray } from './reference-array.ts'

export interface PoolOptions {
  readonly size: number
  readonly stride: number
  readonly padding: number
}

/** Largest value of each window; padding never wins. @shape `[N, H, W, C]` → `[N, H', W', C]` */
export function maxPool2d(x: ReferenceArray, options: PoolOptions): ReferenceArray {
  return pool(x, options, (values) => Math.max(...values))
}

/** Mean of each window's inner pixels; padding is not counted. @shape `[N, H, W, C]` → `[N, H', W', C]` */
export function averagePool2d(x: ReferenceArray, options: PoolOptions): ReferenceArray {
  return pool(x, options, (values) => values.reduce((sum, value) => sum + value, 0) / values.length)
}

function pool(
  x: ReferenceArray,
  { size, stride, padding }: PoolOptions,
  reduce: (values: number[]) => number,
): ReferenceArray {
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number]
  const count = (length: number) => Math.floor((length + 2 * padding - size) / stride) + 1
  const result = referenceArray([batch, count(height), count(width), channels])

  const windowAt = (n: number, i: number, j: number, c: number): number[] => {
    const values: number[] = []
    for (let u = 0; u < size; u++) {
      for (let v = 0; v < size; v++) {
        const y = i * stride + u - padding
        const z = j * stride + v - padding
        if (y >= 0 && y < height && z >= 0 && z < width) values.push(x.data[offset4(x.shape, n, y, z, c)]!)
      }
    }
    return values
  }

  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < count(height); i++) {
      for (let j = 0; j < count(width); j++) {
        for (let c = 0; c < channels; c++) {
          result.data[offset4(result.shape, n, i, j, c)] = reduce(windowAt(n, i, j, c))
        }
      }
    }
  }
  return result
}
