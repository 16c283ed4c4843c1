import type { Model } from '@tricklab/core'
import { storeTensors } from '@tricklab/core/checkpoint'
import { type BoundCallback, fit, Learner } from '@tricklab/core/loop'
import { type Row, stageRecipes } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { openRow, type ProgressSink } from '@tricklab/train'
import { beginTrace, describeParams, makeTraceFolder, type TracedParam, writeTensors, writeTrace } from './files.ts'

export interface WholeTraceOptions {
  readonly seed: number
  readonly folder: string
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** What stands in `trace.json`: all that another framework needs beside the tensors. */
export interface WholeTrace {
  readonly format: 1
  readonly whole: true
  readonly table: string
  readonly row: string
  readonly seed: number
  /** The first stage of the row, every default filled in. */
  readonly recipe: Row['recipe']
  readonly classes: number
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Rate of every step, and the momentum where the schedule sets one. */
  readonly steps: readonly { readonly learningRate: number; readonly momentum?: number }[]
  readonly parameters: readonly TracedParam[]
  readonly validBatches: number
}

/**
 * Writes what another framework needs to train a whole row by itself, from the same weights on the same batches, into
 * `folder`:
 *
 * - `trace.json`: see `WholeTrace`
 * - `start.safetensors`: `model/<path>`, weights and statistics before the first step
 * - `batches/<i>.safetensors`: `images` and `targets` of training step i, from 0, as the network receives them
 * - `valid/<i>.safetensors`: those of validation batch i
 *
 * The steps themselves are not computed: a run of the row does that. Batches depend on seed and recipe alone, so that a
 * network of one bias stands in for the row's, and callbacks see its loss.
 * @shape images `[N, H, W, C]`, targets `[N, classes]`, kernels `[height, width, in, out]`
 * @errors those of openRow, E_INTERRUPTED after the signal
 */
export async function traceWholeRow(whole: Row, options: WholeTraceOptions): Promise<WholeTrace> {
  const { seed, folder, dataPaths, progress, signal } = options
  const [recipe] = stageRecipes(whole.recipe)
  const row: Row = { ...whole, recipe }
  makeTraceFolder(folder)
  const opened = await openRow(row, { seed, dataPaths, progress, signal })
  const [stage] = opened.stages
  const model = standIn(opened.model)
  const steps: { learningRate: number; momentum?: number }[] = []
  const total = stage.source.batches('train') * recipe.epochs
  const writer: BoundCallback = {
    name: 'writer',
    stage: 'checkpoint',
    callback: {
      async beforeBatch({ epoch, index, training, images, targets }) {
        if (!training && epoch > 0) return
        const place = training ? `batches/${steps.length}` : `valid/${index}`
        await writeTensors(folder, place, await storeTensors({ images, targets }))
      },
      afterBatch({ hyper }) {
        if (hyper === undefined) return
        const { learningRate, momentum } = hyper
        steps.push({ learningRate, ...(momentum === undefined ? {} : { momentum }) })
        if (steps.length % 50 === 0 || steps.length === total) {
          progress({ kind: 'notice', message: `${steps.length} of ${total} batches written` })
        }
      },
    },
  }
  const planned = opened.learner(stage, { callbacks: [writer], signal })
  const { groups: _, ...parts } = planned.parts
  try {
    beginTrace(folder, ['batches', 'valid'])
    await writeTensors(folder, 'start', await storeTensors(planned.snapshot().tensors))
    await fit(new Learner({ ...parts, model }, planned.hooks))
    const trace: WholeTrace = {
      format: 1,
      whole: true,
      ...{ table: row.table.id, row: row.name, seed, recipe, classes: stage.source.classes.length },
      ...{ epochs: recipe.epochs, stepsPerEpoch: stage.source.batches('train'), steps },
      parameters: describeParams(planned.params),
      validBatches: stage.source.batches('valid'),
    }
    await writeTrace(folder, trace)
    return trace
  } finally {
    model.dispose()
    planned.dispose()
    await opened.dispose()
  }
}

/** A network whose scores are one trained bias, whatever it sees. */
function standIn({ inputShape, classes }: Model): Model {
  const bias = tf.variable(tf.zeros([classes]))
  return {
    params: { bias: { value: bias, role: 'bias' } },
    layers: [],
    inputShape,
    classes,
    macs: () => 0,
    apply: (images) => tf.tile(tf.reshape(bias, [1, classes]), [images.shape[0], 1]) as tf.Tensor2D,
    dispose: () => bias.dispose(),
  }
}
