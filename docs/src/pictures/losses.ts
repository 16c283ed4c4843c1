import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import bce from '@tricklab/plugin-bce'
import focal from '@tricklab/plugin-focal'
import poly from '@tricklab/plugin-poly'
import { build } from './components.ts'
import { curve, drawing, label, plot, spaced } from './draw.ts'
import type { Picture } from './types.ts'

const classes = 10

interface LossSpec {
  readonly use: { readonly use: string; readonly [option: string]: unknown }
  readonly name: string
  readonly caption: string
}

/** A loss over the score of the right class, beside cross-entropy. */
function lossPicture(plugin: Plugin, { use, name, caption }: LossSpec): Picture {
  const scores = spaced(-4, 8, 121)
  const valuesOf = (loss: LossSpec['use']) => {
    const { apply } = build('loss', loss, {}, plugin)
    const target = Array.from({ length: classes }, (_, k) => Number(k === 0))
    return scores.map((score) => {
      const row = target.map((right) => right * score)
      return tf.tidy(() => apply(tf.tensor2d([row]), tf.tensor2d([target])).dataSync()[0]!)
    })
  }
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 220 },
    xTicks: [-4, -2, 0, 2, 4, 6, 8],
    yTicks: [0, 2, 4, 6, 8],
    xTitle: 'score of the right class; the other nine have 0',
    yTitle: 'loss',
  })
  const points = (values: readonly number[]) => values.map((value, index) => [x(scores[index]!), y(value)] as const)
  return {
    svg: drawing(700, 300, `The loss of one image by ${name} and by cross-entropy`, [
      axes,
      curve(points(valuesOf({ use: 'cross-entropy' })), 'valid'),
      curve(points(valuesOf(use)), 'train'),
      label(670, 22, `blue: ${name}, orange: cross-entropy`, 'end'),
    ]),
    caption,
  }
}

export const bcePicture = (): Picture =>
  lossPicture(bce as unknown as Plugin, {
    use: { use: 'bce' },
    name: 'binary cross-entropy, the mean over ten classes',
    caption:
      'Cross-entropy depends on the differences of scores. Here each of the nine other classes adds a tenth of log 2 as long as its score is 0.',
  })

export const focalPicture = (): Picture =>
  lossPicture(focal as unknown as Plugin, {
    use: { use: 'focal' },
    name: 'focal loss, gamma 2',
    caption:
      'Where the right class is likely, the focal loss is almost 0 and flat: such images no longer pull at the weights.',
  })

export const polyPicture = (): Picture =>
  lossPicture(poly as unknown as Plugin, {
    use: { use: 'poly' },
    name: 'PolyLoss, epsilon 1',
    caption: 'PolyLoss adds 1 − p: the curve is steeper where the network is unsure.',
  })
