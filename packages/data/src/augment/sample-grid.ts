import type { ImageSize } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import type { Homography } from './homography.ts'

// Images sampled at a time: coordinates and weights of a whole batch would be many times the batch itself.
const mostImages = 8
// Pixels are counted in float32, which is exact so far and much faster than int32 on most engines.
const mostPixels = 2 ** 24

/**
 * Samples every image at the points to which its map sends the output's grid, bilinearly, once.
 *
 * Coordinates run from −1 to 1 between the centres of the outermost pixels; beyond them the image is mirrored at those
 * centres (PyTorch's `grid_sample` with reflection padding and `align_corners`).
 * @param maps output coordinates to input coordinates, one an image
 */
export function sampleGrid(
  images: tf.Tensor4D,
  maps: readonly Homography[],
  { width, height }: ImageSize,
): tf.Tensor4D {
  const [batch, inputHeight, inputWidth, channels] = images.shape
  const chunk = Math.max(1, Math.min(mostImages, Math.floor(mostPixels / (inputHeight * inputWidth))))
  return tf.tidy(() => {
    const grid = tf.tensor2d(createGrid(width, height), [3, width * height])
    const parts: tf.Tensor4D[] = []
    for (let start = 0; start < batch; start += chunk) {
      const size = Math.min(chunk, batch - start)
      const some = tf.slice4d(images, [start, 0, 0, 0], [size, -1, -1, -1])
      const sampled = tf.tidy(() => sampleSome(some, maps.slice(start, start + size), grid))
      parts.push(tf.reshape(sampled, [size, height, width, channels]))
      some.dispose()
    }
    return parts.length === 1 ? parts[0]! : tf.concat4d(parts, 0)
  })
}

/** The output's pixel centres as columns (x, y, 1), row after row. */
function createGrid(width: number, height: number): Float32Array {
  const count = width * height
  const grid = new Float32Array(3 * count).fill(1)
  const at = (index: number, length: number) => (length === 1 ? 0 : (2 * index) / (length - 1) - 1)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      grid[y * width + x] = at(x, width)
      grid[count + y * width + x] = at(y, height)
    }
  }
  return grid
}

function sampleSome(images: tf.Tensor4D, maps: readonly Homography[], grid: tf.Tensor2D): tf.Tensor2D {
  const [batch, height, width, channels] = images.shape
  const points = grid.shape[1]
  const rows = tf.tensor2d(
    maps.flatMap((map) => [...map]),
    [batch * 3, 3],
  )
  const looked = tf.reshape(tf.matMul(rows, grid), [batch, 3, points]) as tf.Tensor3D
  const part = (index: number) => tf.reshape(tf.slice3d(looked, [0, index, 0], [-1, 1, -1]), [batch, points])
  const depth = part(2)
  const x = mirror(tf.div(part(0), depth), width)
  const y = mirror(tf.div(part(1), depth), height)
  const left = tf.floor(x)
  const top = tf.floor(y)
  const right = tf.minimum(tf.add(left, 1), width - 1)
  const bottom = tf.minimum(tf.add(top, 1), height - 1)
  const firsts = tf.tensor2d(firstPixels(batch, points, width * height), [batch, points])
  const pixels = tf.reshape(images, [batch * height * width, channels])
  const [upper, lower] = [top, bottom].map((row) => tf.add(tf.mul(row, width), firsts)) as [tf.Tensor, tf.Tensor]
  const pick = (column: tf.Tensor, row: tf.Tensor, weight: tf.Tensor) => {
    const index = tf.cast(tf.reshape(tf.add(row, column), [-1]), 'int32') as tf.Tensor1D
    return tf.mul(tf.gather(pixels, index), tf.reshape(weight, [-1, 1]))
  }
  const toRight = tf.sub(x, left)
  const toBottom = tf.sub(y, top)
  const toLeft = tf.sub(1, toRight)
  const toTop = tf.sub(1, toBottom)
  return tf.addN([
    pick(left, upper, tf.mul(toLeft, toTop)),
    pick(right, upper, tf.mul(toRight, toTop)),
    pick(left, lower, tf.mul(toLeft, toBottom)),
    pick(right, lower, tf.mul(toRight, toBottom)),
  ]) as tf.Tensor2D
}

/** For every point of every image the number of the image's first pixel. */
function firstPixels(batch: number, points: number, pixels: number): Float32Array {
  const firsts = new Float32Array(batch * points)
  for (let image = 0; image < batch; image++) firsts.fill(image * pixels, image * points, (image + 1) * points)
  return firsts
}

/** From [−1, 1] to pixels 0 … length − 1; what lies beyond is mirrored at the outermost centres, as often as needed. */
function mirror(coordinates: tf.Tensor, length: number): tf.Tensor {
  if (length === 1) return tf.zerosLike(coordinates)
  const span = length - 1
  const pixels = tf.abs(tf.mul(tf.add(coordinates, 1), span / 2))
  const turn = tf.sub(pixels, tf.mul(tf.floor(tf.div(pixels, 2 * span)), 2 * span))
  return tf.clipByValue(tf.sub(span, tf.abs(tf.sub(turn, span))), 0, span)
}

/**
 * Shrinks images by averaging areas: output pixel i is the mean of the pixels ⌊i·in/out⌋ … ⌈(i+1)·in/out⌉ − 1 (PyTorch's
 * `interpolate` with mode area).
 */
export function shrinkByArea(images: tf.Tensor4D, size: ImageSize): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape
  return tf.tidy(() => {
    const down = areaWeights(height, size.height)
    const across = areaWeights(width, size.width)
    // A product a batch entry, for not every engine broadcasts matrices.
    const rows = tf.matMul(repeat(down, batch), tf.reshape(images, [batch, height, width * channels]))
    const columns = tf.reshape(rows, [batch * size.height, width, channels])
    const both = tf.matMul(repeat(across, batch * size.height), columns)
    return tf.reshape(both, [batch, size.height, size.width, channels])
  })
}

const repeat = (matrix: tf.Tensor2D, times: number) => tf.tile(tf.expandDims(matrix, 0), [times, 1, 1])

function areaWeights(length: number, outLength: number): tf.Tensor2D {
  const weights = new Float32Array(outLength * length)
  for (let i = 0; i < outLength; i++) {
    const from = Math.floor((i * length) / outLength)
    const to = Math.ceil(((i + 1) * length) / outLength)
    weights.fill(1 / (to - from), i * length + from, i * length + to)
  }
  return tf.tensor2d(weights, [outLength, length])
}
