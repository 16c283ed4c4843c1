import { basename } from 'node:path'
import type { Metric } from '@tricklab/core'
import type { Hyperparameters } from '@tricklab/core/contracts'
import type { Problem } from '@tricklab/core/errors'
import type { SeedLog } from '../record/read.ts'
import { checkEnd, checkPrediction, checkScores } from './check-scores.ts'
import { checkTimes } from './check-times.ts'

/** How long the training of a row is, and what each of its steps must say. */
export interface Plan {
  readonly trainSize: number
  readonly validSize: number
  /** Name of the row's predictor; undefined where it has none. */
  readonly predictor: string | undefined
  /** Whether the row has stages; one without is planned as a single one, and its lines name none. */
  readonly staged: boolean
  readonly stages: readonly StagePlan[]
  /** Metrics of the row, for the values that they can have; undefined where only the log is at hand. */
  readonly metrics?: readonly Metric[]
  /** No batch has a smaller loss. */
  readonly leastLoss?: number
}

export interface StagePlan {
  readonly epochs: number
  readonly batchSize: number
  /** Training samples that an epoch visits; absent: every one once. */
  readonly samples?: number
  readonly dropLast: boolean
  /** What the schedule says for a batch of an epoch of this stage; undefined where only the log is at hand. */
  readonly rates?: (epoch: number, index: number) => Hyperparameters
}

/** Verifies that the log of a seed is complete and adds up. */
export function checkLog(log: SeedLog, plan: Plan | null): Problem[] {
  return [
    ...(log.end === null ? [`there is no "end" line: the seed has not finished`] : []),
    ...checkSteps(log),
    ...checkResumes(log),
    ...checkKeys(log),
    ...(plan === null ? [] : checkLength(log, plan)),
    ...checkEpochs(log),
    ...checkScores(log, plan),
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

/** What one step or epoch tells, the others of its log tell as well: what is optional is so for a whole training. */
function checkKeys({ steps, epochs }: SeedLog): string[] {
  const keys = (value: object) => Object.keys(value).sort().join(' ')
  const differing = <T extends { readonly line: number }>(lines: readonly T[], of: (line: T) => string) => {
    const first = lines[0]
    const odd = lines.find((line) => of(line) !== of(first!))
    return odd === undefined ? [] : [`line ${odd.line} does not tell what line ${first!.line} tells`]
  }
  const stages = new Set(steps.map(({ stage }) => stage))
  return [
    ...[...stages].flatMap((stage) => {
      const own = steps.filter((step) => step.stage === stage)
      return differing(own, keys)
    }),
    ...differing(epochs, (epoch) => [keys(epoch), keys(epoch.train), keys(epoch.valid)].join(' | ')),
  ]
}

interface PlannedEpoch {
  readonly stage: number | undefined
  /** Its number in the stage. */
  readonly own: number
  readonly batches: number
  readonly batchSize: number
  readonly samples: number
  readonly rates: StagePlan['rates']
}

/** The epochs of every stage, up to where a callback ended it. */
function planEpochs({ stops }: SeedLog, { trainSize, staged, stages }: Plan): PlannedEpoch[][] {
  const between = (value: number, most: number) => Math.max(0, Math.min(value, most))
  let [firstEpoch, firstStep] = [0, 0]
  return stages.map(({ epochs, batchSize, samples = trainSize, dropLast, rates }, index) => {
    const stage = staged ? index : undefined
    const batches = dropLast ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize)
    const stop = stops.find((line) => line.stage === stage)
    const count = stop === undefined ? epochs : between(stop.epoch + 1 - firstEpoch, epochs)
    const steps = stop === undefined ? count * batches : between(stop.step - firstStep, count * batches)
    firstEpoch += count
    firstStep += steps
    return Array.from({ length: count }, (_, own) => {
      return { stage, own, batches: between(steps - own * batches, batches), batchSize, samples, rates }
    })
  })
}

/** As many epochs, batches and images as the recipe asks for and a stop left, each in its stage, at the schedule's rates. */
function checkLength(log: SeedLog, plan: Plan): string[] {
  const { steps, epochs, stops } = log
  const stages = planEpochs(log, plan)
  const planned = stages.flat()
  const expected = planned.flatMap(({ own, batches, batchSize, samples, rates }, epoch) =>
    Array.from({ length: batches }, (_, index) => ({
      epoch,
      size: Math.min(batchSize, samples - index * batchSize),
      rates: rates?.(own, index),
    })),
  )
  const problems = stops.flatMap(({ line, epoch, step, stage }) => {
    const last = epochs.findLast((other) => other.stage === stage && other.line < line)
    if (last?.epoch === epoch && last.step === step) return []
    return [`line ${line}: stopped at step ${step} of epoch ${epoch}, where no epoch ended`]
  })
  if (epochs.length !== planned.length) problems.push(`${epochs.length} epochs instead of ${planned.length}`)
  if (steps.length !== expected.length) {
    const sum = stages.map((stage) => `${stage.length} × ${stage[0]?.batches ?? 0}`).join(' + ')
    problems.push(`${steps.length} steps instead of ${sum}`)
  }
  const together = steps.flatMap((step, index) => {
    const wanted = expected[index]
    return wanted === undefined ? [] : [{ step, wanted }]
  })
  const odd = together.find(({ step, wanted }) => step.size !== wanted.size)
  if (odd !== undefined) {
    problems.push(`line ${odd.step.line}: a batch of ${odd.step.size} instead of ${odd.wanted.size}`)
  }
  const early = together.find(({ step, wanted }) => step.epoch !== wanted.epoch)
  if (early !== undefined) {
    problems.push(`line ${early.step.line}: epoch ${early.step.epoch} instead of ${early.wanted.epoch}`)
  }
  for (const key of ['learningRate', 'momentum'] as const) {
    const other = together.find(({ step, wanted }) => wanted.rates && !same(step[key], wanted.rates[key]))
    if (other === undefined) continue
    const { step, wanted } = other
    const [is, should] = [step[key], wanted.rates![key]].map((value) => value ?? 'none')
    problems.push(`line ${step.line}: ${key} ${is} where the schedule says ${should}`)
  }
  const stageAt = (epoch: number) => planned[epoch]?.stage
  const strange = [...steps, ...epochs].find(({ epoch, stage }) => stage !== stageAt(epoch))
  if (strange !== undefined) {
    const named = (stage: number | undefined) => (stage === undefined ? 'no stage' : `stage ${stage}`)
    const { line, epoch, stage } = strange
    problems.push(`line ${line}: ${named(stage)} in epoch ${epoch} instead of ${named(stageAt(epoch))}`)
  }
  return problems
}

/** Equal up to what another version of the mathematical library may round otherwise. */
function same(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return Math.abs(a - b) <= 1e-12 * Math.abs(b)
}

/** Epochs count 0, 1, 2 …, and each ends right behind its last step. */
function checkEpochs({ steps, epochs }: SeedLog): string[] {
  return epochs.flatMap(({ line, epoch, step }, index) => {
    if (epoch !== index) return [`line ${line}: epoch ${epoch} where epoch ${index} should be`]
    const last = steps.findLast((other) => other.epoch === index)
    if (last === undefined) return [`line ${line}: epoch ${epoch} has no steps`]
    const next = steps.find((other) => other.step === last.step + 1)
    if (step === last.step && line > last.line && line < (next?.line ?? Infinity)) return []
    return [`line ${line}: epoch ${epoch} ends at step ${step}, its last step is ${last.step}`]
  })
}
