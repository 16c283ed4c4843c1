import type { Stream } from '@tricklab/core'
import type { Box } from '@tricklab/data/operations'

/** Options of a draw, as the plugin declares them. */
export interface Erasing {
  readonly chance: number
  readonly minArea: number
  readonly maxArea: number
  readonly minAspect: number
}

const none: Box = { left: 0, top: 0, width: 0, height: 0 }

/**
 * A rectangle for every image, empty where its chance does not come, or where ten tries find none that is smaller than
 * the image. Areas are uniform, ratios of height to width uniform on a logarithmic scale, from minAspect to its inverse.
 */
export function drawErasing(
  stream: Stream,
  [batch, height, width]: readonly [number, number, number],
  { chance, minArea, maxArea, minAspect }: Erasing,
): Box[] {
  const draw = (): Box => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = (minArea + (maxArea - minArea) * stream.uniform()) * height * width
      const aspect = Math.exp(Math.log(minAspect) * (2 * stream.uniform() - 1))
      const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))]
      if (h >= height || w >= width) continue
      return { top: stream.integer(height - h + 1), left: stream.integer(width - w + 1), height: h, width: w }
    }
    return none
  }
  return Array.from({ length: batch }, () => (stream.uniform() < chance ? draw() : none))
}
