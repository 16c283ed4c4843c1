import { canonicalJson, type Json } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import { SmoothLoss } from '@tricklab/core/loop'
import type { SeedLog } from '../record/read.ts'
import type { Plan } from './check-log.ts'

/** The scores of every epoch: those that follow from the steps are computed again, the others must be possible. */
export function checkScores(log: SeedLog, plan: Plan | null): string[] {
  return [
    ...checkTrainLosses(log),
    ...checkSmoothLosses(log),
    ...checkRepeated(log),
    ...(plan === null ? [] : checkPossible(log, plan)),
  ]
}

/** The loss of an epoch is the mean over its samples, summed in the order of the steps: the same to the last bit. */
function checkTrainLosses({ steps, epochs }: SeedLog): string[] {
  return epochs.flatMap(({ line, epoch, train }) => {
    const own = steps.filter((step) => step.epoch === epoch)
    if (own.length === 0) return []
    const samples = own.reduce((sum, { size }) => sum + size, 0)
    const loss = own.reduce((sum, { size, loss }) => sum + loss * size, 0) / samples
    if (train.loss === loss) return []
    return [`line ${line}: train loss ${train.loss} is not the mean over its samples, ${loss}`]
  })
}

/** The running loss goes through all steps of a stage. */
function checkSmoothLosses({ steps, epochs }: SeedLog): string[] {
  return epochs.flatMap(({ line, stage, step: last, train: { smoothLoss: stated } }) => {
    if (stated === undefined) return []
    const running = new SmoothLoss()
    for (const step of steps) if (step.stage === stage && step.step <= last) running.add(step.loss)
    const computed = running.compute()
    if (stated === computed) return []
    return [`line ${line}: smoothLoss ${stated} is not the running mean of the losses, ${computed}`]
  })
}

/** Weights that move give no validation loss a second time, to the last bit. A loss of 0 may stay. */
function checkRepeated({ steps, epochs }: SeedLog): string[] {
  return epochs.flatMap(({ line, valid, step: to }, index) => {
    const before = epochs.slice(0, index).find((other) => other.valid.loss === valid.loss)
    if (before === undefined || valid.loss === 0) return []
    const moved = steps.some(({ step, learningRate }) => step > before.step && step <= to && learningRate !== 0)
    return moved ? [`line ${line}: the validation loss of line ${before.line} once more`] : []
  })
}

/** Every metric of the recipe and no other, with values that so many samples can give; losses that the loss can have. */
function checkPossible({ steps, epochs, prediction }: SeedLog, plan: Plan): string[] {
  const { metrics, leastLoss = -Infinity, validSize } = plan
  const low = steps.find(({ loss }) => loss < leastLoss)
  const problems = low === undefined ? [] : [`line ${low.line}: a loss of ${low.loss}, which is less than ${leastLoss}`]
  if (metrics === undefined) return problems
  const names = ['loss', ...metrics.map(({ name }) => name)]

  const check = (line: number, what: string, scores: Scores, samples: number, more: readonly string[] = []) => {
    const missing = names.find((name) => scores[name] === undefined)
    if (missing !== undefined) problems.push(`line ${line}: ${what} without ${missing}`)
    const unknown = Object.keys(scores).find((name) => ![...names, ...more].includes(name))
    if (unknown !== undefined) problems.push(`line ${line}: ${what} with ${unknown}, which the row does not measure`)
    if (scores.loss !== undefined && scores.loss < leastLoss) {
      problems.push(`line ${line}: ${what} with a loss of ${scores.loss}, which is less than ${leastLoss}`)
    }
    for (const metric of metrics) {
      const value = scores[metric.name]
      if (value === undefined || (metric.possible?.(value, samples) ?? true)) continue
      problems.push(`line ${line}: ${what} with ${metric.name} ${value}, which ${samples} samples cannot give`)
    }
  }
  for (const { line, epoch, train, valid } of epochs) {
    const trained = steps.reduce((sum, step) => sum + (step.epoch === epoch ? step.size : 0), 0)
    check(line, 'training scores', train, trained, ['smoothLoss'])
    check(line, 'validation scores', valid, validSize)
  }
  if (prediction !== null) check(prediction.line, 'scores of the predictor', prediction.result, validSize)
  return problems
}

/** A row with a predictor has its scores, once and after the last epoch; others have none. */
export function checkPrediction({ epochs, predictions, end }: SeedLog, { predictor }: Plan): string[] {
  const [prediction, second] = predictions
  if (prediction === undefined) {
    if (predictor === undefined || end === null) return []
    return [`line ${end.line}: there are no scores of the predictor "${predictor}" before the end`]
  }
  if (second !== undefined) return [`line ${second.line}: scores of a predictor a second time`]
  const { line, predictor: stated } = prediction
  if (stated !== predictor) return [`line ${line}: scores of the predictor "${stated}", not of ${predictor ?? 'none'}`]
  const last = epochs.at(-1)
  return last === undefined || last.line > line ? [`line ${line}: scores of the predictor before the last epoch`] : []
}

/** The log ends with its last step, and its result is what was scored last. */
export function checkEnd({ steps, epochs, prediction, end }: SeedLog): string[] {
  if (end === null) return []
  const problems: string[] = []
  const last = epochs.at(-1)
  const steppedTo = steps.at(-1)?.step ?? 0
  if (end.step !== steppedTo) {
    problems.push(`line ${end.line}: the end is at step ${end.step}, the last step is ${steppedTo}`)
  }
  if (last !== undefined && last.step < steppedTo) {
    problems.push(`line ${end.line}: steps ${last.step + 1} to ${steppedTo} belong to an epoch that never ended`)
  }
  const [scores, name] =
    prediction === null
      ? [last?.valid, 'the validation scores of the last epoch']
      : [prediction.result, `the scores of the predictor in line ${prediction.line}`]
  if (canonicalJson(end.result as Json) !== canonicalJson((scores ?? null) as Json)) {
    problems.push(`line ${end.line}: the result is not ${name}`)
  }
  return problems
}
