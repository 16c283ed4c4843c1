import { basename } from 'node:path'
import { canonicalJson, type Json, type Problem } from '@tricklab/core'
import type { EpochLine, SeedLog, StepLine } from './read.ts'

/** How long the training of a row is. */
export interface Plan {
  readonly epochs: number
  readonly trainSize: number
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
    ...checkTimes(log),
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

/** As many epochs, batches and images as the recipe asks for. */
function checkLength({ steps, epochs }: SeedLog, plan: Plan): string[] {
  const { trainSize, batchSize, dropLast } = plan
  const batches = dropLast ? Math.floor(trainSize / batchSize) : Math.ceil(trainSize / batchSize)
  const problems: string[] = []
  if (epochs.length !== plan.epochs) problems.push(`${epochs.length} epochs instead of ${plan.epochs}`)
  if (steps.length !== plan.epochs * batches) {
    problems.push(`${steps.length} steps instead of ${plan.epochs} × ${batches}`)
  }
  const sizes = (index: number) => Math.min(batchSize, trainSize - (index % batches) * batchSize)
  const odd = steps.findIndex(({ size }, index) => size !== sizes(index))
  if (odd >= 0) problems.push(`line ${steps[odd]!.line}: a batch of ${steps[odd]!.size} instead of ${sizes(odd)}`)
  return problems
}

function checkEpochs({ steps, epochs }: SeedLog): string[] {
  const byEpoch = groupByEpoch(steps)
  return epochs.flatMap((epoch, index) => {
    if (epoch.epoch !== index) return [`line ${epoch.line}: epoch ${epoch.epoch} where epoch ${index} should be`]
    return checkEpoch(epoch, byEpoch.get(index) ?? [])
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
  if (stated === undefined || Math.abs(stated - loss) > 1e-6 * Math.max(Math.abs(stated), Math.abs(loss))) {
    problems.push(`line ${line}: train loss ${stated} is not the mean over its samples, ${loss}`)
  }
  return problems
}

/** Clock times in order; durations not negative and together not longer than the whole. */
function checkTimes({ start, resumes, steps, epochs, end }: SeedLog): string[] {
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
  if (end === null) return problems
  for (const [name, lines] of Object.entries({ steps, epochs })) {
    const total = lines.reduce((sum, { seconds }) => sum + seconds, 0)
    if (total > end.seconds + rounding * (lines.length + 1)) {
      problems.push(`line ${end.line}: ${end.seconds} s in all, but its ${name} took ${total.toFixed(1)} s`)
    }
  }
  return problems
}

function checkEnd({ steps, epochs, end }: SeedLog): string[] {
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
  if (last === undefined || canonicalJson(end.result as Json) !== canonicalJson(last.valid as Json)) {
    problems.push(`line ${end.line}: the result is not the validation scores of the last epoch`)
  }
  return problems
}
