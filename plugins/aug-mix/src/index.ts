import { definePlugin, opt } from '@tricklab/core'
import { onBytes } from '@tricklab/data/operations'
import manifest from '../package.json' with { type: 'json' }
import { applyMixture, drawMixture, levels } from './draw-mixture.ts'

const moved = 'Both move and recolour every image, so that little of it may be left.'

export default definePlugin({
  name: 'aug-mix',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1912.02781',
  register: (on) =>
    on.augmentation('aug-mix', {
      doc: 'Mixes every training image with what chains of random operations make of it.',
      notBeside: { 'trivial-augment': moved, 'rand-augment': moved, 'aug-transforms': moved },
      options: {
        severity: opt.integer({
          min: 1,
          max: levels,
          default: 3,
          doc: 'Number of strengths, from the weakest on, of which one is drawn for each operation.',
        }),
        chains: opt.integer({ min: 0, default: 3, doc: 'Number of chains of operations; 0 switches AugMix off.' }),
        depth: opt.integer({
          min: 0,
          default: 0,
          unit: 'operations',
          doc: 'Length of the chains; 0 draws one to three for each.',
        }),
        alpha: opt.number({
          above: 0,
          default: 1,
          unit: 'Beta and Dirichlet shape',
          doc: 'Evenness of the shares of the image and of its chains.',
        }),
        allOperations: opt.boolean({
          default: false,
          doc: 'Whether brightness, colour, contrast and sharpness are changed as well; the paper leaves them out.',
        }),
      },
      create: (mixing) => ({
        apply(images, stream) {
          const [, height, width] = images.shape
          return onBytes(images, (data) =>
            applyMixture({ data, width, height }, drawMixture(stream, { width, height }, mixing)),
          )
        },
      }),
    }),
})
