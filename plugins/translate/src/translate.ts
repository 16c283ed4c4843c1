import type { Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** How far an image moves, to the right and down. */
export interface Move {
  readonly x: number
  readonly y: number
}

/** A move of every image, each from −most to most pixels in both directions. */
export function drawMoves(stream: Stream, batch: number, most: number): Move[] {
  const draw = () => stream.integer(2 * most + 1) - most
  return Array.from({ length: batch }, () => ({ x: draw(), y: draw() }))
}

/**
 * Every image moved; what comes in from outside is mirrored at the outermost pixels. New tensors.
 * @shape `[N, H, W, C]`, kept
 */
export function applyMoves(images: tf.Tensor4D, moves: readonly Move[]): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape
  const places = new Int32Array(batch * height * width)
  for (const [n, move] of moves.entries()) {
    for (let y = 0; y < height; y++) {
      const row = n * height + mirror(y - move.y, height)
      for (let x = 0; x < width; x++) places[(n * height + y) * width + x] = row * width + mirror(x - move.x, width)
    }
  }
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [batch * height * width, channels])
    return tf.reshape(tf.gather(pixels, tf.tensor1d(places, 'int32')), images.shape)
  })
}

/** Into 0 … size − 1, back and forth, without repeating the ends. */
function mirror(place: number, size: number): number {
  if (size === 1) return 0
  const rest = Math.abs(place) % (2 * (size - 1))
  return Math.min(rest, 2 * (size - 1) - rest)
}
