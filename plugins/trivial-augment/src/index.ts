import { definePlugin, opt } from '@tricklab/core'
import { augmentByOperations, drawOperation } from '@tricklab/data/operations'
import manifest from '../package.json' with { type: 'json' }
import { levels, strengths } from './strengths.ts'

export default definePlugin({
  name: 'trivial-augment',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2103.10158',
  register: (on) =>
    on.augmentation('trivial-augment', {
      doc: 'Changes every training image by one operation of a random strength, such as a turn or more contrast.',
      notBeside: { 'aug-transforms': 'Both move and recolour every image, so that little of it may be left.' },
      options: {
        interpolation: opt.choice(['nearest', 'bilinear'], {
          default: 'nearest',
          doc: 'Filter of operations that move pixels: the `nearest` pixel, or `bilinear` between four.',
        }),
      },
      create: ({ interpolation }) =>
        augmentByOperations((stream) =>
          drawOperation(stream, strengths, { level: stream.integer(levels), levels }, interpolation),
        ),
    }),
})
