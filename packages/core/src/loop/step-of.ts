import type { Batch, EventName } from '../contracts.ts'

/** Events of a batch whose `step` counts those done before it. */
const beforeTheStep: readonly EventName[] = ['beforeBatch', 'afterPredict', 'afterLoss', 'afterBackward', 'afterStep']

/**
 * The step as messages and logs count it: training steps from 1, the one at hand included; while validating, the steps
 * done.
 */
export const shownStep = ({ step, training }: Pick<Batch, 'step' | 'training'>): number => (training ? step + 1 : step)

/** The step that an event belongs to, as messages count it; undefined where the event knows none. */
export function stepOf(event: EventName, payload: unknown): number | undefined {
  const { step, training = true } = (payload ?? {}) as { step?: number; training?: boolean }
  if (step === undefined) return undefined
  return beforeTheStep.includes(event) ? shownStep({ step, training }) : step
}
