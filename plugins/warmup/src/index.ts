import { definePlugin, type OptionValues, opt, type Schedule } from '@tricklab/core'
import { cosine } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const options = {
  pctStart: opt.number({
    min: 0,
    below: 1,
    default: 0.05,
    unit: 'share of the steps',
    doc: 'Share of the steps in which the learning rate rises; 0 is no warm-up.',
  }),
  initial: opt.number({
    min: 0,
    max: 1,
    default: 0.01,
    doc: 'Learning rate of the first step, as a share of the largest.',
  }),
  decay: opt.choice(['cosine', 'none'], {
    default: 'cosine',
    doc: 'The learning rate falls along half a `cosine` after the warm-up, or stays as it is (`none`).',
  }),
  final: opt.number({
    min: 0,
    max: 1,
    default: 0,
    doc: 'Learning rate after the last step, as a share of the largest; without effect if `decay` is none.',
  }),
}

/**
 * With w = pctStart · totalSteps: `lr · (initial + (1 − initial) · step/w)` before w, then half a cosine from `lr` to
 * `final·lr` over the other steps.
 * @paper arXiv:1706.02677
 */
function createWarmup(
  { pctStart, initial, decay, final }: OptionValues<typeof options>,
  { learningRate, totalSteps }: { readonly learningRate: number; readonly totalSteps: number },
): Schedule {
  const turn = pctStart * totalSteps
  const end = decay === 'cosine' ? final * learningRate : learningRate
  return {
    at(step) {
      if (step < turn) return { learningRate: learningRate * (initial + ((1 - initial) * step) / turn) }
      return { learningRate: cosine(learningRate, end, (step - turn) / (totalSteps - turn)) }
    },
  }
}

export default definePlugin({
  name: 'warmup',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1706.02677',
  register: (on) =>
    on.schedule('warmup', {
      doc: 'Raises the learning rate over the first steps, then lowers it along half a cosine.',
      options,
      create: createWarmup,
    }),
})
