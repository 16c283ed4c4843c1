import { type Batch, fail, TricklabError } from '@tricklab/core'
import { type StoredTensor, storeTensors } from '@tricklab/core/checkpoint'
import type { StepResult } from '@tricklab/core/contracts'
import { type BoundCallback, evaluate, fit, type Learner } from '@tricklab/core/loop'
import { type Row, stageRecipes } from '@tricklab/core/recipe'
import { type Limits, openRow, type ProgressSink } from '@tricklab/train'
import { beginTrace, describeParams, makeTraceFolder, type TracedParam, writeTensors, writeTrace } from './files.ts'

export interface TraceOptions {
  readonly seed: number
  /** Training steps that are written down. */
  readonly steps: number
  /** Steps that the schedule is laid out for; default: those of the row. */
  readonly totalSteps?: number
  /** Images a batch; default: the row's. */
  readonly batchSize?: number
  /** Validation batches that are scored after the last step. */
  readonly validBatches: number
  readonly folder: string
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** What stands in `trace.json`: all that another framework needs beside the tensors. */
export interface Trace {
  readonly format: 1
  readonly table: string
  readonly row: string
  readonly seed: number
  /** The first stage of the row as it was run, every default filled in. */
  readonly recipe: Row['recipe']
  readonly classes: number
  readonly steps: readonly TracedStep[]
  readonly parameters: readonly TracedParam[]
  /** Mean loss of every validation batch with the weights after the last step. */
  readonly validLosses: readonly number[]
}

export interface TracedStep {
  readonly loss: number
  readonly learningRate: number
  /** Where the schedule sets one. */
  readonly momentum?: number
}

/**
 * Trains the first steps of a row and writes down what any framework needs to follow them, into `folder`:
 *
 * - `trace.json`: see `Trace`
 * - `start.safetensors`: `model/<path>`, weights and statistics before the first step
 * - `batches.safetensors`: `images/<i>` and `targets/<i>`, i from 0, as the network receives them
 * - `end.safetensors`: `model/<path>` and `optimizer/<name>` after the last step
 * - `valid.safetensors`: `images/<i>` and `targets/<i>` of the validation batches
 * @shape images `[N, H, W, C]`, targets `[N, classes]`, kernels `[height, width, in, out]`
 * @errors E_OPTION_RANGE when the steps do not fit the schedule, E_INTERRUPTED after the signal
 */
export async function traceRow(whole: Row, options: TraceOptions): Promise<Trace> {
  const { seed, steps, folder, dataPaths, progress, signal } = options
  const [first] = stageRecipes(whole.recipe)
  const row: Row = { ...whole, recipe: { ...first, batchSize: options.batchSize ?? first.batchSize } }
  makeTraceFolder(folder)
  const opened = await openRow(row, { seed, dataPaths, limits: limitsOf(row, options), progress, signal })
  const [stage] = opened.stages
  const available = stage.source.batches('train') * row.recipe.epochs
  const stop = new AbortController()
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  const learners: Learner[] = []
  try {
    if (steps > available) tooManySteps(steps, available)
    const batches: Record<string, StoredTensor> = {}
    const traced: TracedStep[] = []
    const tracer = createTracer(batches, (result) => {
      if (!result.training) return
      const { learningRate, momentum } = result.hyper!
      traced.push({ loss: result.loss, learningRate, ...(momentum === undefined ? {} : { momentum }) })
      progress({ kind: 'notice', message: `step ${traced.length} of ${steps}: loss ${result.loss.toPrecision(7)}` })
      if (traced.length === steps) stop.abort()
    })
    const learner = opened.learner(stage, { callbacks: [tracer], signal: stop.signal })
    learners.push(learner)
    beginTrace(folder)
    const { params } = learner
    await writeTensors(folder, 'start', await storeTensors(learner.snapshot().tensors))
    await untilStopped(learner, signal)
    await writeTensors(folder, 'batches', batches)
    await writeTensors(folder, 'end', await storeTensors(learner.snapshot().tensors))

    const valid: Record<string, StoredTensor> = {}
    const validLosses: number[] = []
    const observer = createTracer(valid, ({ loss }) => {
      validLosses.push(loss)
    })
    const scorer = opened.learner(stage, { callbacks: [observer] })
    learners.push(scorer)
    await evaluate(scorer)
    await writeTensors(folder, 'valid', valid)

    const trace: Trace = {
      format: 1,
      ...{ table: row.table.id, row: row.name, seed, recipe: row.recipe, classes: stage.source.classes.length },
      steps: traced,
      parameters: describeParams(params),
      validLosses,
    }
    await writeTrace(folder, trace)
    return trace
  } finally {
    signal.removeEventListener('abort', abort)
    for (const learner of learners) learner.dispose()
    await opened.dispose()
  }
}

/** As many images as make the steps of the schedule, and the batches of the validation. */
function limitsOf({ recipe: { batchSize, epochs } }: Row, { totalSteps, validBatches }: TraceOptions): Limits {
  const limitValid = validBatches * batchSize
  if (totalSteps === undefined) return { limitValid }
  if (totalSteps % epochs !== 0) {
    fail('E_OPTION_RANGE', {
      what: 'Every epoch of the schedule must have the same number of steps.',
      expected: `--total-steps as a multiple of ${epochs}, the epochs of the row.`,
      received: `${totalSteps}.`,
      fix: `use ${Math.ceil(totalSteps / epochs) * epochs}.`,
    })
  }
  return { limitTrain: (totalSteps / epochs) * batchSize, limitValid }
}

function tooManySteps(steps: number, available: number): never {
  return fail('E_OPTION_RANGE', {
    what: 'The training has fewer steps than --steps asks for.',
    expected: `--steps up to ${available}.`,
    received: `${steps}.`,
    fix: 'ask for fewer steps, or for more with --total-steps.',
  })
}

/** Keeps every batch as it enters the network, behind all other callbacks; of a fit the training ones alone. */
function createTracer(batches: Record<string, StoredTensor>, seen: (result: StepResult) => void): BoundCallback {
  let fitting = false
  let count = 0
  return {
    name: 'tracer',
    stage: 'checkpoint',
    callback: {
      beforeEpoch({ split }) {
        fitting ||= split === 'train'
      },
      async beforeBatch({ images, targets, training }: Batch) {
        if (fitting && !training) return
        const index = count++
        Object.assign(batches, await storeTensors({ [`images/${index}`]: images, [`targets/${index}`]: targets }))
      },
      afterBatch: seen,
    },
  }
}

/** Trains to the step at which the tracer stops; only the caller's own signal is an interruption. */
async function untilStopped(learner: Learner, signal: AbortSignal): Promise<void> {
  try {
    await fit(learner)
  } catch (error) {
    if (!(error instanceof TricklabError) || error.code !== 'E_INTERRUPTED' || signal.aborted) throw error
  }
}
