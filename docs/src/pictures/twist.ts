import * as tf from '@tricklab/core/tf'
import { twistByDefinition } from '@tricklab/plugin-twist'
import { type Html, html } from '@tricklab/repro'
import { drawing, label } from './draw.ts'
import type { Picture } from './types.ts'

/** Places along a side, and pixels between them. */
const [places, apart] = [5, 8]
const side = places * apart
const offsets = [-1, 0, 1].flatMap((row) => [-1, 0, 1].map((column) => [row, column] as const))

/** The kernel that a pixel sees, at 5 × 5 places of the image, read off the plugin's own convolution. */
export function twistPicture(): Picture {
  const panels = [
    { title: 'plain', ax: 0, ay: 0 },
    { title: 'Ax = 1: stretches', ax: 1, ay: 0 },
    { title: 'Ay = 1: turns', ax: 0, ay: 1 },
  ].map(({ title, ax, ay }, index) => {
    const left = 8 + 236 * index
    const kernels = kernelsOf(ax, ay)
    const drawn = kernels.map((kernel, place) =>
      drawKernel(kernel, left + 43 * (place % places), 28 + 43 * Math.floor(place / places)),
    )
    return html`${label(left + 106, 16, title, 'middle', 'strong')}${drawn}`
  })
  return {
    svg: drawing(
      700,
      248,
      'A kernel of three by three at 25 places of the image, plain and twisted in two ways',
      panels,
    ),
    caption:
      'Each small square is the 3 × 3 kernel that one place of the image sees; blue is positive, orange negative. What the twist adds is 0 in the middle of the image and grows outwards: a step along it stretches the image, or turns it.',
  }
}

/** What every place makes of a single bright pixel around it: its kernel, nine numbers a place. */
function kernelsOf(ax: number, ay: number): number[][] {
  const output = tf.tidy(() => {
    const images = tf.buffer([offsets.length, side, side, 1])
    const forEachPlace = (visit: (y: number, x: number) => void) => {
      for (let place = 0; place < places ** 2; place++) visit(...centreOf(place))
    }
    for (const [index, [row, column]] of offsets.entries()) {
      forEachPlace((y, x) => images.set(1, index, y + row, x + column, 0))
    }
    const kernel = tf.tensor4d(
      [1, 2, 1, 2, 4, 2, 1, 2, 1].map((value) => value / 4),
      [3, 3, 1, 1],
    )
    const coefficients = tf.tensor4d([ax, ay], [1, 1, 2, 1])
    const twisted = twistByDefinition(
      images.toTensor() as tf.Tensor4D,
      { kernel, coefficients },
      { groups: 1, stride: 1 },
    )
    return twisted.dataSync()
  })
  return Array.from({ length: places ** 2 }, (_, place) => {
    const [y, x] = centreOf(place)
    return offsets.map((_offset, index) => output[(index * side + y) * side + x]!)
  })
}

const centreOf = (place: number): readonly [y: number, x: number] => [
  Math.floor(place / places) * apart + apart / 2,
  (place % places) * apart + apart / 2,
]

function drawKernel(values: readonly number[], left: number, top: number): Html {
  const cells = values.map((value, index) => {
    const strength = Math.min(1, Math.abs(value) / 3)
    return html`<rect x="${left + 12.5 * (index % 3)}" y="${top + 12.5 * Math.floor(index / 3)}" width="12.5" height="12.5" fill="var(--${value < 0 ? 'valid' : 'train'})" fill-opacity="${strength.toFixed(2)}"/>`
  })
  return html`${cells}<rect class="axis" x="${left}" y="${top}" width="37.5" height="37.5"/>`
}
