import { type Block, canonicalJson, createRegistry, createRng, fail, listParams } from '@tricklab/core'
import { failAll, type Problem } from '@tricklab/core/errors'
import { trainable } from '@tricklab/core/params'
import type { NormalUse } from '@tricklab/core/plugin'
import type { ScalingTable } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import type { Sample } from './types.ts'

export interface MeasureOptions {
  readonly turns: number
  /** Passes a turn. */
  readonly steps: number
  readonly onProgress: (what: string) => void
  readonly signal: AbortSignal
}

/** The long form of every block that the rows of a table name, by row; what it is measured against in second place. */
export function blocksOf(table: ScalingTable): { readonly [row: string]: readonly NormalUse[] } {
  const registry = createRegistry(table.plugins)
  const problems: Problem[] = []
  const normalize = (use: unknown, row: string) => {
    const normal = registry.normalize('block', use as string, `${table.id}/${row}`)
    problems.push(...normal.problems)
    return normal.use
  }
  const entries = Object.entries(table.rows).map(([name, row]) => {
    const uses = 'than' in row ? [row.block, row.than] : [row.block]
    return [name, uses.map((use) => normalize(use, name))] as const
  })
  failAll(problems)
  return Object.fromEntries(entries)
}

/** How a block is called among the samples. */
export const seriesOf = (use: NormalUse): string => canonicalJson(use)

/** A block at one size, ready to be passed. */
interface Trial {
  readonly series: string
  readonly side: number
  pass(): Promise<void>
  /** Most bytes of tensors that a pass holds beyond what was there before it. */
  peakBytes(): Promise<number>
  dispose(): void
}

/**
 * Time and memory of a forward and backward pass of every block at every size. The blocks take turns at each size, so
 * that they share the machine's mood.
 */
export async function measureScaling(
  table: ScalingTable,
  rows: readonly string[],
  { turns, steps, onProgress, signal }: MeasureOptions,
): Promise<Sample[]> {
  const named = blocksOf(table)
  const uses = new Map(rows.flatMap((row) => named[row]!).map((use) => [seriesOf(use), use]))
  const samples: Sample[] = []
  for (const side of table.sides) {
    const trials = [...uses.values()].map((use) => createTrial(table, use, side))
    const times = new Map<string, number[][]>(trials.map(({ series }) => [series, []]))
    for (const trial of trials) {
      await trial.pass()
      samples.push({ series: trial.series, quantity: 'memory', side, turns: [[await trial.peakBytes()]] })
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const trial of trials) {
        if (signal.aborted) refuse()
        onProgress(`${table.id}: ${side} × ${side}, turn ${turn + 1}/${turns}`)
        times.get(trial.series)!.push(await timePasses(trial, steps))
      }
    }
    for (const trial of trials) {
      samples.push({ series: trial.series, quantity: 'time', side, turns: times.get(trial.series)! })
      trial.dispose()
    }
  }
  return samples
}

async function timePasses(trial: Trial, steps: number): Promise<number[]> {
  const seconds: number[] = []
  for (let step = 0; step < steps; step++) {
    const start = performance.now()
    await trial.pass()
    seconds.push((performance.now() - start) / 1000)
  }
  return seconds
}

function createTrial({ plugins, channels, batchSize }: ScalingTable, use: NormalUse, side: number): Trial {
  const rng = createRng(1)
  const ends = { inputChannels: channels, outputChannels: channels, stride: 1, kernelSize: 1, activate: false }
  const block: Block = createRegistry(plugins).create('block', use, { ...ends, init: rng.scope('init') })
  const stream = rng.at('images')
  const values = Float32Array.from({ length: batchSize * side * side * channels }, () => stream.normal())
  // In a network a block passes the gradient on to what is before it, so its input counts among the variables.
  const images = tf.variable(tf.tensor4d(values, [batchSize, side, side, channels]))
  const variables = [images, ...trainable(listParams(block.params)).map(({ value }) => value)]
  const run = () =>
    tf.tidy(() => {
      const loss = () => tf.sum(block.apply(images as unknown as tf.Tensor4D, { training: true, rng })) as tf.Scalar
      return Object.values(tf.variableGrads(loss, variables).grads)
    })
  const pass = async () => {
    const gradients = run()
    // An engine that computes later has to have done all of its work.
    await gradients[0]!.data()
    tf.dispose(gradients)
  }
  return {
    series: seriesOf(use),
    side,
    pass,
    async peakBytes() {
      const before = tf.memory().numBytes
      const { peakBytes, result } = await tf.profile(run)
      tf.dispose(result)
      return peakBytes - before
    },
    dispose() {
      block.dispose()
      images.dispose()
    },
  }
}

function refuse(): never {
  fail('E_INTERRUPTED', {
    what: 'The measurement was stopped.',
    expected: 'all turns.',
    fix: 'start it again: a measurement cannot be resumed, because it compares times of one uninterrupted run.',
  })
}
