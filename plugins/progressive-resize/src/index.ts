import { definePlugin, fail, opt } from '@tricklab/core'
import type { FitInfo } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import manifest from '../package.json' with { type: 'json' }
import { applyResize } from './apply-resize.ts'
import { drawCorner } from './draw-corner.ts'
import { planSize } from './plan-size.ts'

export { applyResize } from './apply-resize.ts'
export { drawCorner } from './draw-corner.ts'
export { type Growth, planSize } from './plan-size.ts'

export default definePlugin({
  name: 'progressive-resize',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.callback('progressive-resize', {
      doc: 'Shrinks training images at the beginning and lets them grow to their full size.',
      stage: 'data',
      options: {
        initialScale: opt.number({
          above: 0,
          max: 1,
          default: 0.5,
          unit: 'share of the width',
          doc: 'Size of the images at the beginning, as a share of their full width; 1 switches it off.',
        }),
        delayFraction: opt.number({
          min: 0,
          max: 1,
          default: 0.5,
          unit: 'share of the fit',
          doc: 'Share of the training in which images keep their first size.',
        }),
        finetuneFraction: opt.number({
          min: 0,
          max: 1,
          default: 0.2,
          unit: 'share of the fit',
          doc: 'Share of the training, at its end, in which images have their full size.',
        }),
        sizeIncrement: opt.integer({
          min: 1,
          default: 4,
          unit: 'pixels',
          doc: 'Image widths are rounded to multiples of this number.',
        }),
        mode: opt.choice(['resize', 'crop'], {
          default: 'resize',
          doc: 'How images become smaller: `resize` shrinks them, `crop` cuts out one region, at the same place for a whole batch.',
        }),
      },
      create(options, { rng }) {
        if (options.delayFraction + options.finetuneFraction > 1) {
          fail('E_OPTION_RANGE', {
            what: 'callback "progressive-resize": the delay and the finetuning together are longer than the fit.',
            expected: 'delayFraction + finetuneFraction of at most 1.',
            received: `${options.delayFraction} + ${options.finetuneFraction}.`,
          })
        }
        let fit: FitInfo | undefined
        return {
          beforeFit(info) {
            fit = info
          },
          beforeBatch(batch) {
            if (!batch.training || options.initialScale === 1) return
            const { epochs, stepsPerEpoch, firstStep } = fit!
            const [, rows, columns] = batch.images.shape
            const elapsed = (batch.step - firstStep) / (epochs * stepsPerEpoch)
            const [height, width] = planSize(elapsed, [rows, columns], options)
            if (width === columns) return
            if (height === 0 || width === 0) {
              fail('E_SHAPE', {
                what: 'Callback "progressive-resize" would leave no pixel of the images.',
                expected: `a width whose ${options.initialScale}-fold rounds to at least ${options.sizeIncrement} pixels.`,
                received: `${rows} × ${columns}.`,
                fix: 'choose a smaller sizeIncrement or a larger initialScale.',
              })
            }
            if (options.mode === 'resize') return { ...batch, images: applyResize(batch.images, height, width) }
            const corner = drawCorner(rng.at('corner', batch.step), [rows, columns], [height, width])
            const [top, left] = corner
            const images = tf.slice(batch.images, [0, top, left, 0], [-1, height, width, -1])
            return { ...batch, images }
          },
        }
      },
    }),
})
