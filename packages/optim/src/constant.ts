import type { Schedule } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

/** The same learning rate at every step. */
export function createConstantSchedule({ learningRate }: { learningRate: number }): Schedule {
  return { at: () => ({ learningRate }) }
}

export const constant: Component<'schedule', Record<never, never>> = {
  doc: 'Keeps the learning rate of the optimizer unchanged.',
  options: {},
  create: (_options, context) => createConstantSchedule(context),
}
