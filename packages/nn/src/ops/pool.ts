import * as tf from '@tricklab/core/tf'
import { withGradient } from './with-gradient.ts'

/**
 * Mean of 2 × 2 windows with stride 2. A window that sticks out at the bottom or right counts its inner pixels alone.
 * @shape `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]`
 * @differs none: PyTorch's `avg_pool2d(x, 2, ceil_mode=True)`
 */
export function averagePool2(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape
  return height % 2 === 0 && width % 2 === 0 ? tf.avgPool(x, 2, 2, 'valid') : averagePoolRagged(x)
}

// TF.js's own gradient divides by 4 even where a window holds one or two pixels.
const averagePoolRagged = withGradient<tf.Tensor4D>((x) => ({
  value: tf.avgPool(x, 2, 2, 'same'),
  gradFunc: (dy) => {
    const [, height, width] = x.shape
    const shares = tf.mul(dy, inverseCounts(height, width)) as tf.Tensor4D
    const [batch, rows, columns, channels] = shares.shape
    const spread = tf.image.resizeNearestNeighbor(shares, [rows * 2, columns * 2])
    return tf.slice(spread, 0, [batch, height, width, channels])
  },
}))

/** 1 / (pixels that each window holds), `[H', W', 1]`. */
function inverseCounts(height: number, width: number): tf.Tensor {
  const rows = Math.ceil(height / 2)
  const columns = Math.ceil(width / 2)
  const held = (index: number, size: number) => Math.min(2, size - 2 * index)
  const values = Float32Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns)
    return 1 / (held(row, height) * held(index % columns, width))
  })
  return tf.tensor(values, [rows, columns, 1])
}

/**
 * Largest value of `size` × `size` windows; padding never wins.
 * @shape `[N, H, W, C]` → `[N, H', W', C]` with `H' = ⌊(H + 2·padding − size) / stride⌋ + 1`
 */
export function maxPool(
  x: tf.Tensor4D,
  { size, stride, padding }: { size: number; stride: number; padding: number },
): tf.Tensor4D {
  return tf.maxPool(x, size, stride, padding)
}

/**
 * Largest value of 2 × 2 windows with stride 2. A window that sticks out at the bottom or right counts its inner pixels
 * alone.
 * @shape `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]`
 * @differs none: PyTorch's `max_pool2d(x, 2, ceil_mode=True)`
 */
export function maxPool2(x: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(x, 2, 2, 'same')
}

/**
 * Mean over all positions.
 * @shape `[N, H, W, C]` → `[N, 1, 1, C]`
 */
export const globalAveragePool = withGradient<tf.Tensor4D>((x) => {
  const [, height, width] = x.shape
  return {
    value: tf.mean(x, [1, 2], true),
    // TF.js's own gradient makes a full-size array of ones on the host, each time.
    gradFunc: (dy) => tf.tile(tf.div(dy, height * width), [1, height, width, 1]),
  }
})
