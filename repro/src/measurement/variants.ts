/** Steps of several variants of a network, in turns: A B C … A B C … */
import type { StepTimeTable } from '@tricklab/core/recipe'
import type { Engine } from '@tricklab/engine'
import { nodeSide, startSide } from '../process/side.ts'
import type { Ready, Turn } from '../process/side-messages.ts'
import type { Sample } from './types.ts'

/** First line to the process of a variant. */
export interface VariantSetup {
  readonly target: string
  readonly engine: string
  readonly precision: string
  readonly threads: number
  readonly dataPaths: readonly string[]
}

/** What the process of a variant answers. @unit milliseconds */
export interface VariantTurn extends Turn {
  readonly predict: readonly number[]
  readonly latency: readonly number[]
}

export interface VariantOptions {
  readonly engine: Engine
  readonly dataPaths: readonly string[]
  /** `TABLE/ROW` of a row, as another process finds it. */
  readonly targetOf: (row: string) => string
  readonly turns: number
  readonly steps: number
  readonly onProgress: (what: string) => void
  readonly signal: AbortSignal
}

/**
 * Every variant in every turn, each time in a process of its own: several networks at once would not fit into memory,
 * and none inherits another's. One step warms up.
 * @errors those of engines and datasets, E_WORKER
 */
export async function measureVariants(
  table: StepTimeTable,
  rows: readonly string[],
  { engine, dataPaths, targetOf, turns, steps, onProgress, signal }: VariantOptions,
): Promise<Sample[]> {
  const figures = new Map(rows.map((row) => [row, { train: [], predict: [], latency: [] } as Figures]))
  for (let turn = 0; turn < turns; turn++) {
    for (const row of rows) {
      if (signal.aborted) return []
      onProgress(`${table.id}/${row}: turn ${turn + 1}/${turns}`)
      const { name, precision, threads } = engine
      const setup: VariantSetup = { target: targetOf(row), engine: name, precision, threads, dataPaths }
      const side = await startSide<Ready>(nodeSide(row, './variant-main.ts', import.meta.url), setup)
      try {
        const { times, predict, latency } = (await side.measure(steps)) as VariantTurn
        const own = figures.get(row)!
        own.train.push(times.map(seconds))
        own.predict.push(predict.map(seconds))
        own.latency.push(latency.map(seconds))
      } finally {
        await side.close()
      }
    }
  }
  return [...figures].flatMap(([series, own]) =>
    (['train', 'predict', 'latency'] as const).map((quantity) => ({
      series,
      quantity,
      side: null,
      turns: own[quantity],
    })),
  )
}

type Figures = { readonly [Q in 'train' | 'predict' | 'latency']: number[][] }

const seconds = (milliseconds: number): number => milliseconds / 1000
