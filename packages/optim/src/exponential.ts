import { type OptionValues, opt, type Schedule } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

const options = {
  decayRate: opt.number({
    above: 0,
    max: 1,
    default: 0.97,
    doc: 'Factor by which the learning rate is multiplied every `decayEpochs`.',
  }),
  decayEpochs: opt.number({
    above: 0,
    default: 2.4,
    unit: 'epochs',
    doc: 'Number of epochs between two multiplications.',
  }),
  staircase: opt.boolean({
    default: true,
    doc: 'Whether the rate drops at once at the end of each period; when false it falls a little at every step.',
  }),
  warmupEpochs: opt.number({
    min: 0,
    default: 5,
    unit: 'epochs',
    doc: 'Number of epochs in which the rate rises linearly from 0.',
  }),
}

/**
 * Exponential decay behind a linear rise: EfficientNet's reference.
 *
 * `peak · step / warm` while step < warm = warmupEpochs · stepsPerEpoch, then
 * `peak · decayRate^⌊step / (decayEpochs · stepsPerEpoch)⌋`. The decay counts from the first step of all, so that part of
 * it is over when the rise ends; the first step has rate 0 where there is a rise.
 * @paper arXiv:1905.11946
 * @differs none from the reference code
 */
export function createExponential(
  { decayRate, decayEpochs, staircase, warmupEpochs }: OptionValues<typeof options>,
  { learningRate: peak, stepsPerEpoch }: { learningRate: number; stepsPerEpoch: number },
): Schedule {
  const warm = warmupEpochs * stepsPerEpoch
  return {
    at(step) {
      if (step < warm) return { learningRate: (peak * step) / warm }
      const decays = step / (decayEpochs * stepsPerEpoch)
      return { learningRate: peak * decayRate ** (staircase ? Math.floor(decays) : decays) }
    },
  }
}

export const exponential: Component<'schedule', typeof options> = {
  doc: 'Raises the learning rate linearly, then multiplies it by a factor below 1 every few epochs.',
  options,
  create: createExponential,
}
