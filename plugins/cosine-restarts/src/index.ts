import { definePlugin, type OptionValues, opt, type Schedule } from '@tricklab/core'
import { cosine } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const options = {
  firstEpochs: opt.number({ above: 0, default: 1, unit: 'epochs', doc: 'Length of the first cycle.' }),
  factor: opt.number({ min: 1, default: 2, doc: 'Length of a cycle divided by that of the cycle before it.' }),
  final: opt.number({
    min: 0,
    max: 1,
    default: 0,
    doc: 'Learning rate at the end of a cycle, as a share of that at its beginning.',
  }),
}

/**
 * Within a cycle of L steps the rate is `final·lr + (1 − final)·lr/2 · (1 + cos(π·step/L))`; then it jumps back to `lr`.
 * @paper arXiv:1608.03983
 */
function createCosineRestarts(
  { firstEpochs, factor, final }: OptionValues<typeof options>,
  { learningRate, stepsPerEpoch }: { readonly learningRate: number; readonly stepsPerEpoch: number },
): Schedule {
  return {
    at(step) {
      let [into, length] = [step, firstEpochs * stepsPerEpoch]
      while (into >= length) {
        into -= length
        length *= factor
      }
      return { learningRate: cosine(learningRate, final * learningRate, into / length) }
    },
  }
}

export default definePlugin({
  name: 'cosine-restarts',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1608.03983',
  register: (on) =>
    on.schedule('cosine-restarts', {
      doc: 'Lowers the learning rate along half a cosine, and begins again from the top, in cycles that become longer.',
      options,
      create: createCosineRestarts,
    }),
})
