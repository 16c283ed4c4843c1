import { TricklabError } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import type { Engine } from '@tricklab/engine'
import { processesHere } from '../runner/executor.ts'
import { type RunOptions, runRow } from '../runner/run.ts'
import type { Variant } from './plan.ts'

export interface AblationOptions extends Omit<RunOptions, 'engine' | 'seeds' | 'executor'> {
  readonly seeds: readonly number[]
  /** The engine, in the precision that a row asks for. */
  engineOf(row: Row): Promise<Engine>
}

/** What came of one variant. */
export interface VariantRun {
  readonly variant: Variant
  /** Its run folder; null when it never began. */
  readonly folder: string | null
  /** The first error of one of its seeds. */
  readonly error: unknown
}

/**
 * Trains every variant on every seed, seed by seed, so that the variants of a seed share the machine's mood and a run
 * that is stopped has whole pairs. Each job has a process of its own: its memory is then its own.
 * An error of one variant is kept and the others go on; a signal stops all.
 */
export async function runAblation(variants: readonly Variant[], options: AblationOptions): Promise<VariantRun[]> {
  const runs = new Map<string, { folder: string; error: unknown }>()
  const distinct = [...new Map(variants.map(({ row }) => [row.hash, row])).values()]
  const { seeds, engineOf, ...common } = options
  const executor = processesHere(1)
  let stopped = false
  for (const seed of seeds) {
    for (const row of distinct) {
      if (stopped || options.signal.aborted) break
      const before = runs.get(row.hash)
      const { folder, error } = await runRow(row, {
        ...common,
        engine: await engineOf(row),
        seeds: [seed],
        executor,
        // After the first seed the folder is this run's own.
        resume: options.resume || before !== undefined,
      })
      runs.set(row.hash, { folder, error: before?.error ?? error })
      stopped = error instanceof TricklabError && error.exitCode === 3
    }
  }
  return variants.map((variant) => ({
    variant,
    folder: runs.get(variant.row.hash)?.folder ?? null,
    error: runs.get(variant.row.hash)?.error,
  }))
}
