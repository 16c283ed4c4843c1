import { type Html, html } from '@tricklab/repro'
import { arrow, box, drawing, joint, label } from './draw.ts'
import type { Picture } from './types.ts'

interface Step {
  readonly lines: readonly string[]
  readonly ours?: boolean
}

const [top, height, gap] = [16, 56, 24]

/** Boxes from left to right, over the whole width, with arrows between them. */
function flow(
  title: string,
  steps: readonly Step[],
  caption: string,
  more?: (middle: (step: number) => number) => Html,
): Picture {
  const width = (700 - 2 * 14 - (steps.length - 1) * gap) / steps.length
  const left = (index: number) => 14 + index * (width + gap)
  const boxes = steps.map(
    ({ lines, ours }, index) =>
      html`${index > 0 && arrow([left(index) - gap, top + height / 2], [left(index), top + height / 2])}${box(left(index), top, width, height, lines, ours)}`,
  )
  const below = more?.((step) => left(step) + width / 2) ?? html``
  return { svg: drawing(700, more === undefined ? 88 : 144, title, [...boxes, below]), caption }
}

const plain = (...lines: readonly string[]): Step => ({ lines })
const ours = (...lines: readonly string[]): Step => ({ lines, ours: true })

/** The input goes round below the boxes and is multiplied by what comes out of the last. */
const product = (middle: (step: number) => number, last: number): Html => {
  const y = 114
  const x = middle(last)
  return html`<path class="arrow" d="M${middle(0)} ${top + height}V${y}H${x - 11}"/>${arrow([x, top + height], [x, y - 11])}${joint(x, y, '×')}`
}

export const ecaPicture = (): Picture =>
  flow(
    'Efficient channel attention: means, one small filter along the channels, a gate for each channel',
    [
      plain('x', 'H × W × C'),
      plain('mean', 'over positions'),
      ours('3 to 7 weights', 'along the channels'),
      plain('sigmoid', 'C gates'),
    ],
    'A gate of a channel depends on its mean and on those of its neighbours; all channels share the same few weights.',
    (middle) => product(middle, 3),
  )

export const cbamPicture = (): Picture =>
  flow(
    'CBAM: the gates of channels, then the gates of positions',
    [
      plain('x', 'H × W × C'),
      ours('gates of channels', 'mean and maximum', 'over positions'),
      ours('gates of positions', 'mean and maximum', 'over channels'),
      plain('y', 'H × W × C'),
    ],
    'Each of the two boxes multiplies what comes in by its gates: first every channel, then every position.',
  )

export const gemPoolPicture = (): Picture =>
  flow(
    'A generalised mean: powers, their mean over positions, the root, a linear layer',
    [
      plain('x', 'H × W × C'),
      ours('power p', 'p is learned'),
      plain('mean', 'over positions'),
      ours('root', 'power 1/p'),
      plain('linear', 'a score a class'),
    ],
    'With p = 1 it is the average; the larger p, the more the largest responses count.',
  )

export const weightStandardizationPicture = (): Picture =>
  flow(
    'Weights of a convolution are standardised for each output channel before they are used',
    [
      plain('weights', 'of a channel'),
      ours('minus their mean', 'by their deviation'),
      plain('convolution'),
      plain('group norm'),
    ],
    'What is trained are the plain weights; what the convolution uses has mean 0 and deviation 1.',
  )

export function ghostBatchNormPicture(): Picture {
  const parts = [0, 1, 2, 3]
  const rows = parts.map((part) => {
    const x = 20 + 168 * part
    const images = Array.from(
      { length: 8 },
      (_, n) =>
        html`<rect x="${x + 19 * n}" y="30" width="15" height="15" rx="2" fill="var(--${part % 2 === 0 ? 'train' : 'valid'})"/>`,
    )
    return html`${images}${arrow([x + 75, 52], [x + 75, 78])}${box(x, 78, 150, 44, ['mean, deviation', 'of these 8'], true)}`
  })
  return {
    svg: drawing(700, 150, 'A batch of 32 images in four parts, each with its own mean and deviation', [
      label(20, 18, 'a batch of 32 images', 'start', 'strong'),
      ...rows,
    ]),
    caption:
      'Four parts of eight images: each is normalised by itself, so that the statistics are as noisy as those of small batches.',
  }
}

export function diracInitPicture(): Picture {
  const grid = (left: number) =>
    Array.from({ length: 9 }, (_, place) => {
      const on = place === 4
      return html`<rect x="${left + 22 * (place % 3)}" y="${54 + 22 * Math.floor(place / 3)}" width="20" height="20" rx="2" fill="${on ? 'var(--train)' : 'none'}" stroke="var(--soft)"/>`
    })
  const columns = [0, 1, 2, 3].map((channel) => {
    const left = 40 + 165 * channel
    return html`${grid(left)}${label(left + 32, 144, `output ${channel + 1}`)}${label(left + 32, 42, `of input ${channel + 1}`)}`
  })
  return {
    svg: drawing(700, 158, 'Filters of 3 by 3 whose middle is 1: every output channel passes its input channel on', [
      label(14, 20, 'first weights of a convolution with four channels', 'start', 'strong'),
      ...columns,
    ]),
    caption: 'The weights of an output channel: 1 in the middle for its own input channel, 0 everywhere else.',
  }
}

export const whitenedStemPicture = (): Picture =>
  flow(
    'A whitened stem: fixed filters of 2 by 2 pixels, the activation, a convolution that is trained',
    [
      plain('image'),
      ours('2 × 2, fixed', 'made from patches'),
      plain('bias and', 'activation'),
      plain('3 × 3', 'norm, act'),
    ],
    'The filters are made once from training images, so that their answers have variance 1 and are not correlated.',
  )
