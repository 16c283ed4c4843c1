import { definePlugin, opt } from '@tricklab/core'
import { augmentByOperations } from '@tricklab/data/operations'
import manifest from '../package.json' with { type: 'json' }
import { drawSteps, levels } from './draw-steps.ts'

const moved = 'Both move and recolour every image, so that little of it may be left.'

export default definePlugin({
  name: 'rand-augment',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1909.13719',
  register: (on) =>
    on.augmentation('rand-augment', {
      doc: 'Changes every training image by some random operations of one strength, such as a turn or more contrast.',
      notBeside: { 'trivial-augment': moved, 'aug-transforms': moved },
      options: {
        operations: opt.integer({
          min: 0,
          default: 2,
          doc: 'Operations for each image, one after the other; 0 is off.',
        }),
        magnitude: opt.number({
          min: 0,
          max: levels - 1,
          default: 9,
          doc: 'Strength of the operations: 0 changes hardly anything, 30 is the strongest.',
        }),
        deviation: opt.number({
          min: 0,
          default: 0,
          doc: 'Standard deviation by which the strength of each operation differs from `magnitude`, within 0 to 30.',
        }),
        chance: opt.number({
          min: 0,
          max: 1,
          default: 1,
          unit: 'probability',
          doc: 'Chance that each of the operations is carried out.',
        }),
        interpolation: opt.choice(['nearest', 'bilinear'], {
          default: 'nearest',
          doc: 'Filter of operations that move pixels: the `nearest` pixel, or `bilinear` between four.',
        }),
      },
      create: (steps) => augmentByOperations((stream, input) => drawSteps(stream, input, steps)),
    }),
})
