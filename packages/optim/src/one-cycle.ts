import { type OptionValues, opt, type Schedule } from '@tricklab/core'
import type { Hyperparameters } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import { cosine } from './cosine.ts'

const options = {
  pctStart: opt.number({
    above: 0,
    below: 1,
    default: 0.3,
    unit: 'share of the steps',
    doc: 'Share of the steps in which the learning rate rises.',
  }),
  divFactor: opt.number({ above: 0, default: 25, doc: 'The learning rate starts at learningRate / divFactor.' }),
  finalDivFactor: opt.number({
    above: 0,
    default: 1e4,
    doc: 'The learning rate ends at its first value / finalDivFactor.',
  }),
  cycleMomentum: opt.boolean({
    default: true,
    doc: 'Whether momentum (β1 of AdamW) falls while the learning rate rises, and the other way round.',
  }),
  maxMomentum: opt.number({
    min: 0,
    below: 1,
    default: 0.95,
    doc: 'Momentum at the start and at the end of the cycle.',
  }),
  baseMomentum: opt.number({ min: 0, below: 1, default: 0.85, doc: 'Momentum where the learning rate is highest.' }),
}

/**
 * One-cycle policy, PyTorch's OneCycleLR with two cosine phases: the learning rate rises from
 * `peak / divFactor` to `peak` and falls to `peak / divFactor / finalDivFactor`, momentum goes the other way.
 *
 * Between values a and b over the steps s…e: `b + (a − b)/2 · (1 + cos(π·(step − s)/(e − s)))`. The phases meet at step
 * `pctStart·totalSteps − 1`, which need not be whole.
 * @paper arXiv:1708.07120
 * @differs as PyTorch: cosine instead of linear phases, the fall ends far below the start
 */
export function createOneCycle(
  values: OptionValues<typeof options>,
  { learningRate: peak, totalSteps }: { learningRate: number; totalSteps: number },
): Schedule {
  const { pctStart, divFactor, finalDivFactor, cycleMomentum, maxMomentum, baseMomentum } = values
  const first = peak / divFactor
  const last = first / finalDivFactor
  const turn = pctStart * totalSteps - 1
  const end = totalSteps - 1

  return {
    at(step): Hyperparameters {
      const rising = step <= turn
      // A rise of no length would divide by zero; it is over as it begins.
      const done = rising ? (turn === 0 ? 1 : step / turn) : (step - turn) / (end - turn)
      const learningRate = rising ? cosine(first, peak, done) : cosine(peak, last, done)
      if (!cycleMomentum) return { learningRate }
      const momentum = rising ? cosine(maxMomentum, baseMomentum, done) : cosine(baseMomentum, maxMomentum, done)
      return { learningRate, momentum }
    },
  }
}

export const oneCycle: Component<'schedule', typeof options> = {
  doc: 'One cycle as in PyTorch: the learning rate rises along a cosine, then falls far below its start.',
  options,
  create: createOneCycle,
}
