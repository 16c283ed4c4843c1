import { fail, type OptionValues, opt, type Schedule } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { cosine } from './cosine.ts'

const options = {
  pctStart: opt.number({
    min: 0,
    below: 1,
    default: 0.75,
    unit: 'share of the steps',
    doc: 'Share of the steps in which the learning rate stays flat.',
  }),
  divFinal: opt.number({ above: 0, default: 1e5, doc: 'The learning rate ends at learningRate / divFinal.' }),
  toZero: opt.boolean({
    default: false,
    doc: 'Whether the learning rate ends at 0 as in fastai v1; `divFinal` then has no effect.',
  }),
  wholeSteps: opt.boolean({
    default: false,
    doc: 'Whether the fall begins at the whole step ⌊pctStart · totalSteps⌋ as in fastai v1; when false it may begin between two steps.',
  }),
  momenta: opt.numbers({
    min: 0,
    below: 1,
    default: [],
    doc: 'Momentum in the flat part, then in the fall; an empty list keeps the momentum of the optimizer.',
  }),
}

/**
 * Flat, then half a cosine down: fastai v2's fit_flat_cos. With `toZero`, `wholeSteps` and `pctStart` 0.72 it is fastai
 * v1's fit_fc ("flat and anneal").
 *
 * `lr` until `pctStart · totalSteps = s`, then `end + (lr − end)/2 · (1 + cos(π·(step − s)/(totalSteps − s)))`. The last
 * step is one short of the end.
 * @errors E_OPTION_RANGE unless there are none or two momenta
 * @differs none; as in v1 the second momentum begins one step after the fall
 */
export function createFlatCosine(
  { pctStart, divFinal, toZero, wholeSteps, momenta }: OptionValues<typeof options>,
  { learningRate, totalSteps }: { learningRate: number; totalSteps: number },
): Schedule {
  if (momenta.length !== 0 && momenta.length !== 2) {
    fail('E_OPTION_RANGE', {
      what: 'schedule "flat-cosine": `momenta` must be empty or name the flat part and the fall.',
      expected: 'no number, or two.',
      received: `${JSON.stringify(momenta)}.`,
    })
  }
  const turn = wholeSteps ? Math.floor(pctStart * totalSteps) : pctStart * totalSteps
  const end = toZero ? 0 : learningRate / divFinal
  return {
    at(step) {
      const done = Math.max(0, (step - turn) / (totalSteps - turn))
      const momentum = momenta[step > turn ? 1 : 0]
      return { learningRate: cosine(learningRate, end, done), ...(momentum === undefined ? {} : { momentum }) }
    },
  }
}

export const flatCosine: Component<'schedule', typeof options> = {
  doc: 'Keeps the learning rate flat, then lowers it along a cosine, as in fastai.',
  options,
  create: createFlatCosine,
}
