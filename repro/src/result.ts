import type { Verdict } from './record/types.ts'
import type { RowRun } from './runner/run.ts'
import { readEnd } from './runner/run-folder.ts'
import { summarize } from './statistics/index.ts'
import { betterOf, judge, reportedSummary } from './verdict.ts'

interface Numbers {
  readonly mean: number
  readonly sd: number | null
  readonly n: number
}

/** A row of the `--json` answer. */
export interface RowResult {
  readonly row: string
  readonly metric: string
  readonly reported: Numbers | null
  readonly measured: Numbers & { readonly values: readonly number[] }
  readonly tolerance: number | null
  readonly verdict: Verdict
  /** Measured − reported, and its 95 % interval. */
  readonly difference: number | null
  readonly interval: { readonly low: number; readonly high: number } | null
  /** Why the verdict is what it is. */
  readonly note: string
  readonly engine: string
  readonly precision: string
  /** Training and validation of all finished seeds. */
  readonly seconds: number
  readonly partial: boolean
  /** Folder of the record. */
  readonly record: string
}

/** Judges what a row's seeds came to. */
export function resultOf({ manifest, folder }: Pick<RowRun, 'manifest' | 'folder'>): RowResult {
  const metric = manifest.reported?.metric ?? 'accuracy'
  const ends = manifest.seeds.flatMap((seed) => readEnd(folder, seed) ?? [])
  const values = ends.map((end) => end.result[metric] ?? Number.NaN)
  const judgement = judge({
    reported: manifest.reported,
    measured: values,
    tolerance: manifest.tolerance,
    partial: manifest.partial !== null,
    better: betterOf(manifest.reported, metric),
    metric,
  })
  return {
    row: manifest.row,
    metric,
    reported: reportedSummary(manifest.reported),
    measured: { ...summarize(values), values },
    tolerance: manifest.tolerance,
    ...judgement,
    engine: manifest.engine.name,
    precision: manifest.engine.precision,
    seconds: ends.reduce((sum, end) => sum + end.seconds, 0),
    partial: manifest.partial !== null,
    record: folder,
  }
}
