import { TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import type { NormalRecipe, NormalStage } from '@tricklab/core/recipe'
import { metricOf, validationOf } from '../record/metrics.ts'
import { problem } from '../record/problem.ts'
import { type RunRecord, readRecord } from '../record/read.ts'
import type { Manifest } from '../record/types.ts'
import { judge, within } from '../verdict/judge.ts'
import { checkLog, type Plan } from './check-log.ts'
import { checkManifest } from './check-manifest.ts'
import { findCopies } from './copies.ts'
import type { CurrentRow } from './current-row.ts'

export interface CheckOptions {
  /** The recipe itself declares that this row falls short of its source. */
  readonly acceptFallsShort?: boolean
  /** The recipe itself declares that this row exceeds its source, and its note says why. */
  readonly acceptExceeds?: boolean
  /** Photos may be of a build that no list names. */
  readonly ownData?: boolean | undefined
}

/**
 * Verifies a record from its files alone: that it belongs to the recipe, is complete, possible, adds up, and lies within
 * the tolerance. Returns every problem found; none means that the record holds.
 */
export async function checkRecord(folder: string, row?: CurrentRow, options: CheckOptions = {}): Promise<Problem[]> {
  let record: RunRecord
  try {
    record = await readRecord(folder)
  } catch (error) {
    if (error instanceof TricklabError) return [...error.problems]
    throw error
  }
  return checkRead(record, row, options)
}

/** The same for a record that has been read. */
export function checkRead(record: RunRecord, row?: CurrentRow, options: CheckOptions = {}): Problem[] {
  const { manifest, folder } = record
  return [
    ...checkManifest(record, row, options),
    ...record.logs.flatMap((log) => checkLog(log, row ?? planOf(manifest))),
    ...findCopies([record]).map(({ what }) => problem(what)),
    ...checkVerdict(record, row, options),
  ].map((found) => ({ ...found, what: `${folder}: ${found.what}` }))
}

function checkVerdict({ manifest, logs }: RunRecord, row: CurrentRow | undefined, options: CheckOptions): Problem[] {
  const { reported, tolerance } = row === undefined ? manifest : row.head
  if (reported === null || tolerance === null) return []
  const finished = logs.filter((log) => log.end !== null)
  const measured = finished.map((log) => log.end!.result[reported.metric])
  if (measured.some((value) => value === undefined)) {
    return [problem(`A result lacks the metric "${reported.metric}".`)]
  }
  // The direction is the recipe's: a record cannot turn it round.
  const declared = row?.head.metrics?.find(({ name }) => name === reported.metric)
  const metric = declared ?? metricOf(manifest, reported.metric)
  const { better } = metric
  // What stands in the manifest may be no recipe at all.
  const validation = validationOf(row === undefined ? manifest : { ...manifest, recipe: row.head.recipe })
  const judgement = judge({ reported, measured: measured as number[], tolerance, partial: false, metric, validation })
  // Too few seeds must not hide a mean that lies outside.
  const difference = judgement.difference ?? 0
  if (within(difference, tolerance)) return []
  if (difference > 0 === (better === 'higher')) {
    return options.acceptExceeds === true || judgement.verdict !== 'exceeds' ? [] : [unexplained(judgement.note)]
  }
  if (options.acceptFallsShort === true) return []
  return [problem(`The result falls short of the documented value. ${judgement.note}`)]
}

/** A run that is better than its source by more than chance is as suspicious as a worse one. */
export const unexplained = (why: string): Problem => ({
  code: 'E_RECORD',
  what: `The result exceeds the documented value, but no note explains why. ${why}`,
  expected: 'a result within the tolerance, or a reason in the table.',
  fix: "find the reason, write it into the row's `note`, and set `knownToExceed: true`.",
})

/** What the recipe in the manifest asks for: checked against where the caller has no recipe at hand. */
function planOf({ recipe, dataset }: Manifest): Plan | null {
  const { stages, ...whole } = (recipe ?? {}) as unknown as Partial<NormalRecipe>
  const planned = (stages ?? [whole]) as readonly NormalStage[]
  if (planned.some(({ epochs, batchSize, data }) => [epochs, batchSize, data].includes(undefined as never))) return null
  // How many samples a sampler visits, only its plugin tells.
  if (planned.some(({ data }) => data.sampler !== undefined)) return null
  return {
    trainSize: dataset.train,
    validSize: dataset.valid,
    predictor: whole.predictor?.use,
    staged: stages !== undefined,
    stages: planned.map(({ epochs, batchSize, data }) => ({
      epochs,
      batchSize,
      dropLast: data.dropLast,
    })),
  }
}
