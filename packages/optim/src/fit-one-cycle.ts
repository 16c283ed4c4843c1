import { fail, type OptionValues, opt, type Schedule } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { cosine } from './cosine.ts'

const options = {
  pctStart: opt.number({
    above: 0,
    below: 1,
    default: 0.25,
    unit: 'share of the steps',
    doc: 'Share of the steps in which the learning rate rises.',
  }),
  div: opt.number({ above: 0, default: 25, doc: 'The learning rate starts at learningRate / div.' }),
  divFinal: opt.number({ above: 0, default: 1e5, doc: 'The learning rate ends at learningRate / divFinal.' }),
  momenta: opt.numbers({
    min: 0,
    below: 1,
    default: [0.95, 0.85, 0.95],
    doc: 'Momentum at the start, the peak and the end of the cycle; an empty list keeps the momentum of the optimizer.',
  }),
}

/**
 * fastai's fit_one_cycle: two half cosines, from `peak / div` up to `peak` and down to `peak / divFinal`; momentum from
 * the first to the second value and to the third.
 *
 * The position of a step is `step / totalSteps`, so the last step is one short of the end. Between values a and b:
 * `b + (a − b)/2 · (1 + cos(π·done))`.
 * @errors E_OPTION_RANGE unless there are none or three momenta
 * @paper arXiv:1708.07120
 * @differs from `one-cycle` (PyTorch's) in the positions of the steps, the peak's place and what `divFinal` divides
 */
export function createFitOneCycle(
  { pctStart, div, divFinal, momenta }: OptionValues<typeof options>,
  { learningRate: peak, totalSteps }: { learningRate: number; totalSteps: number },
): Schedule {
  const cycle = (position: number, [start, middle, end]: readonly [number, number, number]) =>
    position < pctStart
      ? cosine(start, middle, position / pctStart)
      : cosine(middle, end, (position - pctStart) / (1 - pctStart))
  if (momenta.length !== 0 && momenta.length !== 3) {
    fail('E_OPTION_RANGE', {
      what: 'schedule "fit-one-cycle": `momenta` must be empty or name the start, the peak and the end.',
      expected: 'no number, or three.',
      received: `${JSON.stringify(momenta)}.`,
    })
  }
  return {
    at(step) {
      const position = step / totalSteps
      const learningRate = cycle(position, [peak / div, peak, peak / divFinal])
      const [start, middle, end] = momenta
      if (start === undefined) return { learningRate }
      return { learningRate, momentum: cycle(position, [start, middle!, end!]) }
    },
  }
}

export const fitOneCycle: Component<'schedule', typeof options> = {
  doc: 'One cycle as in fastai v2: the learning rate rises along a cosine, then falls far below its start.',
  options,
  create: createFitOneCycle,
}
