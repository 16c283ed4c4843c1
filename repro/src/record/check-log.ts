import { basename } from 'node:path'
import { canonicalJson, type Json, type Problem, SmoothLoss } from '@tricklab/core'
import type { EpochLine, SeedLog, StepLine } from './read.ts'

/** How long the training of a row is. */
export interface Plan {
  readonly trainSize: number
  /** Name of the row's predictor; undefined where it has none. */
  readonly predictor: string | undefined
  /** Whether the row has stages; one without is planned as a single one, and its lines name none. */
  readonly staged: boolean
  readonly stages: readonly StagePlan[]
}

export interface StagePlan {
  readonly epochs: number
  readonly batchSize: number
  readonly dropLast: boolean
}

/** Durations in a log are rounded to 0.1 ms. */
const rounding = 1e-4

/** Verifies that the log of a seed is complete and adds up. */
export function checkLog(log: SeedLog, plan: Plan | null): Problem[] {
  return [
    ...(log.end === null ? [`there is no "end" line: the seed has not finished`] : []),
    ...checkSteps(log),
    ...checkResumes(log),
    ...(plan === null ? [] : checkLength(log, plan)),
    ...checkEpochs(log),
    ...checkSmoothLosses(log),
    ...checkTimes(log),
    ...(plan === null ? [] : checkPrediction(log, plan)),
    ...checkEnd(log),
  ].map((what) => ({ code: 'E_RECORD', what: `${basename(log.file)}: ${what}.` }))
}

/** Steps count 1, 2, 3 …, epochs never fall. Only the first break is told: the rest follows from it. */
function checkSteps({ steps }: SeedLog): string[] {
  const index = steps.findIndex(({ step, epoch }, i) => step !== i + 1 || epoch < (steps[i - 1]?.epoch ?? 0))
  if (index < 0) return []
  const { line, step, epoch } = steps[index]!
  return [`line ${line}: step ${step} of epoch ${epoch} where step ${index + 1} should be`]
}

/** A resumed run goes on with the step after its checkpoint. */
function checkResumes({ resumes, steps }: SeedLog): string[] {
  return resumes.flatMap(({ line, step }) => {
    const before = steps.findLast((other) => other.line < line)?.step ?? 0
    return before === step ? [] : [`line ${line}: resumed at step ${step}, but the log stands at step ${before}`]
  })
}

/** As many epochs, batches and images as the recipe asks for, each in its stage. */
function checkLength({ steps, epochs }: SeedLog, { trainSize, staged, stages }: Plan): string[] {
  const planned = stages.map(({ epochs, batchSize, dropLast }, stage) => {
    const batches = dropLast ? Math.floor(trainSize / batchSize) : Math.ceil(trainSize / batchSize)
    const sizes = Array.from({ length: batches }, (_, index) => Math.min(batchSize, trainSize - index * batchSize))
    return { epochs: Array.from({ length: epochs }, () => ({ stage: staged ? stage : undefined, sizes })), batches }
  })
  const plannedEpochs = planned.flatMap((stage) => stage.epochs)
  const sizes = plannedEpochs.flatMap((epoch) => epoch.sizes)
  const problems: string[] = []
  if (epochs.length !== plannedEpochs.length) {
    problems.push(`${epochs.length} epochs instead of ${plannedEpochs.length}`)
  }
  if (steps.length !== sizes.length) {
    const sum = planned.map(({ epochs, batches }) => `${epochs.length} × ${batches}`).join(' + ')
    problems.push(`${steps.length} steps instead of ${sum}`)
  }
  const odd = steps.find(({ size }, index) => sizes[index] !== undefined && size !== sizes[index])
  if (odd !== undefined) {
    problems.push(`line ${odd.line}: a batch of ${odd.size} instead of ${sizes[steps.indexOf(odd)]}`)
  }
  const stageAt = (epoch: number) => plannedEpochs[epoch]?.stage
  const strange = [...steps, ...epochs].find(({ epoch, stage }) => stage !== stageAt(epoch))
  if (strange !== undefined) {
    const named = (stage: number | undefined) => (stage === undefined ? 'no stage' : `stage ${stage}`)
    const { line, epoch, stage } = strange
    problems.push(`line ${line}: ${named(stage)} in epoch ${epoch} instead of ${named(stageAt(epoch))}`)
  }
  return problems
}

function checkEpochs({ steps, epochs }: SeedLog): string[] {
  const byEpoch = groupByEpoch(steps)
  return epochs.flatMap((epoch, index) => {
    if (epoch.epoch !== index) return [`line ${epoch.line}: epoch ${epoch.epoch} where epoch ${index} should be`]
    return checkEpoch(epoch, byEpoch.get(index) ?? [])
  })
}

/** The running loss goes through all steps of a stage. */
function checkSmoothLosses({ steps, epochs }: SeedLog): string[] {
  return epochs.flatMap(({ line, stage, step: last, train: { smoothLoss: stated } }) => {
    if (stated === undefined) return []
    const running = new SmoothLoss()
    for (const step of steps) if (step.stage === stage && step.step <= last) running.add(step.loss)
    const computed = running.compute()
    if (close(stated, computed)) return []
    return [`line ${line}: smoothLoss ${stated} is not the running mean of the losses, ${computed}`]
  })
}

function groupByEpoch(steps: readonly StepLine[]): Map<number, StepLine[]> {
  const groups = new Map<number, StepLine[]>()
  for (const step of steps) {
    const group = groups.get(step.epoch)
    if (group === undefined) groups.set(step.epoch, [step])
    else group.push(step)
  }
  return groups
}

function checkEpoch({ line, epoch, step, train }: EpochLine, steps: readonly StepLine[]): string[] {
  const problems: string[] = []
  const last = steps.at(-1)
  if (last === undefined) return [`line ${line}: epoch ${epoch} has no steps`]
  if (step !== last.step || line < last.line) {
    problems.push(`line ${line}: epoch ${epoch} ends at step ${step}, its last step is ${last.step}`)
  }
  const samples = steps.reduce((sum, { size }) => sum + size, 0)
  const loss = steps.reduce((sum, { size, loss }) => sum + size * loss, 0) / samples
  const stated = train.loss
  if (stated === undefined || !close(stated, loss)) {
    problems.push(`line ${line}: train loss ${stated} is not the mean over its samples, ${loss}`)
  }
  return problems
}

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b))

/** Clock times in order; durations not negative and together not longer than the whole. */
function checkTimes({ start, resumes, steps, epochs, prediction, end }: SeedLog): string[] {
  const problems: string[] = []
  const stamps = [start, ...resumes, ...(end === null ? [] : [end])]
  stamps.forEach(({ line, time }, index) => {
    const before = stamps[index - 1]
    if (before !== undefined && Date.parse(time) < Date.parse(before.time)) {
      problems.push(`line ${line}: ${time} is before ${before.time}`)
    }
  })
  const negative = [...steps, ...epochs].find(({ seconds }) => seconds < 0)
  if (negative !== undefined) problems.push(`line ${negative.line}: a duration of ${negative.seconds} s`)
  const beyond = epochs.find(({ seconds, waited = 0 }) => waited < 0 || waited > seconds + rounding)
  if (beyond !== undefined) {
    problems.push(`line ${beyond.line}: ${beyond.waited} s of waiting in ${beyond.seconds} s`)
  }
  if (end === null) return problems
  const passes = prediction === null ? epochs : [...epochs, prediction]
  for (const [name, lines] of Object.entries({ steps, epochs: passes })) {
    const total = lines.reduce((sum, { seconds }) => sum + seconds, 0)
    if (total > end.seconds + rounding * (lines.length + 1)) {
      problems.push(`line ${end.line}: ${end.seconds} s in all, but its ${name} took ${total.toFixed(1)} s`)
    }
  }
  return problems
}

/** A row with a predictor has its scores, after the last epoch; others have none. */
function checkPrediction({ epochs, prediction, end }: SeedLog, { predictor }: Plan): string[] {
  if (prediction === null) {
    if (predictor === undefined || end === null) return []
    return [`line ${end.line}: there are no scores of the predictor "${predictor}" before the end`]
  }
  const { line, predictor: stated } = prediction
  if (stated !== predictor) return [`line ${line}: scores of the predictor "${stated}", not of ${predictor ?? 'none'}`]
  const last = epochs.at(-1)
  return last === undefined || last.line > line ? [`line ${line}: scores of the predictor before the last epoch`] : []
}

function checkEnd({ steps, epochs, prediction, end }: SeedLog): string[] {
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
