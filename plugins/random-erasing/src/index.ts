import { definePlugin, fail, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyErasing } from './apply-erasing.ts'
import { drawErasing } from './draw-erasing.ts'

const share = (standard: number, doc: string) =>
  opt.number({ min: 0, max: 1, default: standard, unit: 'share of the area', doc })

export default definePlugin({
  name: 'random-erasing',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1708.04896',
  register: (on) =>
    on.callback('random-erasing', {
      doc: 'Erases a rectangle of some training images.',
      stage: 'augment',
      options: {
        chance: opt.number({
          min: 0,
          max: 1,
          default: 0.5,
          unit: 'probability',
          doc: 'Chance that a rectangle of an image is erased; 0 switches random erasing off.',
        }),
        minArea: share(0.02, 'Smallest area of a rectangle.'),
        maxArea: share(1 / 3, 'Largest area of a rectangle; not below `minArea`.'),
        minAspect: opt.number({
          above: 0,
          max: 1,
          default: 0.3,
          unit: 'height / width',
          doc: 'Flattest rectangle; the steepest has the inverse.',
        }),
        fill: opt.choice(['zero', 'colour', 'noise'], {
          default: 'zero',
          doc: 'Content of the rectangle, after normalisation: `zero`, one random `colour`, or `noise` that is random in every pixel.',
        }),
      },
      create({ fill, ...erasing }, { rng }) {
        if (erasing.minArea > erasing.maxArea) {
          fail('E_OPTION_RANGE', {
            what: 'callback "random-erasing": the smallest area is larger than the largest.',
            expected: '`minArea` not above `maxArea`.',
            received: `minArea ${erasing.minArea}, maxArea ${erasing.maxArea}.`,
          })
        }
        return {
          beforeBatch(batch) {
            if (!batch.training || erasing.chance === 0) return
            const [size, height, width] = batch.images.shape
            const boxes = drawErasing(rng.at('boxes', batch.step), [size, height, width], erasing)
            return { ...batch, images: applyErasing(batch.images, boxes, fill, rng.at('fill', batch.step)) }
          },
        }
      },
    }),
})
