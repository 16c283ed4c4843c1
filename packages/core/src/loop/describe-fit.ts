import type { FitInfo } from '../contracts.ts'
import type { Learner } from './learner.ts'

/** What callbacks are told before the first batch. */
export function describeFit(learner: Learner): FitInfo {
  const { parts, position, start } = learner
  return {
    epochs: parts.epochs,
    stage: parts.start?.stage,
    firstEpoch: start.epoch,
    firstStep: start.step,
    stepsPerEpoch: learner.batches('train'),
    passes: parts.optimizer.passes ?? 1,
    validSteps: learner.batches('valid'),
    startEpoch: position.epoch,
    startStep: position.step,
    params: learner.params,
  }
}
