import type { Component, Schedule } from '@tricklab/core'

/** The same learning rate at every step. */
export function createConstantSchedule({ learningRate }: { learningRate: number }): Schedule {
  return { at: () => ({ learningRate }) }
}

export const constant: Component<'schedule', Record<never, never>> = {
  doc: 'Keeps the learning rate of the optimizer unchanged.',
  options: {},
  create: (_options, context) => createConstantSchedule(context),
}
