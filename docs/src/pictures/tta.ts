import { createRng } from '@tricklab/core'
import type { CropPlan } from '@tricklab/core/contracts'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { arrow, box, drawing, label, round } from './draw.ts'
import { imageAt, landscape, type Pixels } from './images.ts'
import type { Picture } from './types.ts'

const source = { width: 160, height: 120 }
const side = 64

/** Views that the training crop draws of one image, and how they come together. */
export async function ttaPicture(): Promise<Picture> {
  const crop = build('crop', { use: 'random-resized-crop', size: side }, {})
  const plain = build('crop', { use: 'resize-center-crop', size: side }, {}).draw(source, null)
  const rng = createRng(4)
  const views = [0, 1, 2, 3].map((view) => crop.draw(source, rng.at('view', view)))
  const image = landscape(source.width, source.height)
  const frames = views.map(
    ({ left, top, width, height }) =>
      html`<rect x="${round(10 + left * 1.1)}" y="${round(64 + top * 1.1)}" width="${round(width * 1.1)}" height="${round(height * 1.1)}" fill="none" stroke="var(--valid)" stroke-width="1.5"/>`,
  )
  const drawn = await Promise.all(
    [...views, plain].map(async (plan, index) => {
      const left = 232 + 84 * index + (index === 4 ? 12 : 0)
      return html`${await imageAt(take(image, plan), left, 60, 72)}${label(left + 36, 52, index === 4 ? 'plain' : `view ${index + 1}`)}${arrow([left + 36, 138], [left + 36, 166])}`
    }),
  )
  return {
    svg: drawing(700, 268, 'Four random views of an image and the plain one, whose probabilities are put together', [
      await imageAt(image, 10, 64, 176, 132),
      ...frames,
      label(98, 52, 'a validation image'),
      ...drawn,
      box(232, 168, 324, 40, ['mean of the probabilities'], true),
      box(566, 168, 102, 40, ['probabilities']),
      arrow([394, 208], [394, 240]),
      arrow([617, 208], [617, 240]),
      label(394, 258, '1 − β = 0.75', 'middle', 'strong'),
      label(506, 258, '+', 'middle', 'strong'),
      label(617, 258, 'β = 0.25', 'middle', 'strong'),
    ]),
    caption: 'The views are drawn by the row’s own training crop, keyed by seed, view and image.',
  }
}

/** The region at its own size, taken at the nearest pixels: enough for a picture. */
function take(image: Pixels, { left, top, width, height, outWidth, outHeight, flip }: CropPlan): Pixels {
  const values = new Float32Array(outWidth * outHeight * 3)
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      const share = (flip ? outWidth - 1 - column : column) + 0.5
      const x = Math.min(image.width - 1, Math.floor(left + (width * share) / outWidth))
      const y = Math.min(image.height - 1, Math.floor(top + (height * (row + 0.5)) / outHeight))
      const from = (y * image.width + x) * 3
      values.set(image.values.subarray(from, from + 3), (row * outWidth + column) * 3)
    }
  }
  return { width: outWidth, height: outHeight, values }
}
