import type { Stream } from '@tricklab/core'

/**
 * The factors of every value of a batch: 0 inside a block that is left out, and what keeps the sum of the factors outside.
 * Blocks are squares of `size` that lie within the image, in every channel by themselves. Each place is the corner of one
 * with the probability at which a share `rate` would be left out if no two of them met.
 */
export function drawBlocks(
  stream: Stream,
  [batch, height, width, channels]: readonly [number, number, number, number],
  { rate, size }: { readonly rate: number; readonly size: number },
): Float32Array {
  const side = Math.min(size, height, width)
  const [rows, columns] = [height - side + 1, width - side + 1]
  const chance = Math.min(1, (rate * height * width) / (side * side * rows * columns))
  const factors = new Float32Array(batch * height * width * channels).fill(1)
  // From one corner to the next at once: the gap between two is geometric.
  const gap = () => (chance >= 1 ? 0 : Math.floor(Math.log(1 - stream.uniform()) / Math.log(1 - chance)))
  for (let corner = gap(); corner < batch * rows * columns * channels; corner += 1 + gap()) {
    const channel = corner % channels
    const place = Math.floor(corner / channels)
    const [x, y] = [place % columns, Math.floor(place / columns) % rows]
    const n = Math.floor(place / (columns * rows))
    for (let row = y; row < y + side; row++) {
      for (let column = x; column < x + side; column++) {
        factors[((n * height + row) * width + column) * channels + channel] = 0
      }
    }
  }
  const kept = factors.reduce((sum, factor) => sum + factor, 0)
  return kept === 0 ? factors : factors.map((factor) => (factor * factors.length) / kept)
}
