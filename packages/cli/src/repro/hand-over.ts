import { type Batch, createBatch, createCollector, placeBatch } from '@tricklab/repro'
import type { ProgressView } from '../ui/progress-view.ts'
import { type TrainingArguments, trainWork, type Work } from './training.ts'

/** A place elsewhere, to which jobs are handed over. */
export interface Place {
  /** Fails where nothing can be handed over from here. Nothing was written yet. @errors E_PLACE */
  check?(): Promise<void>
  /**
   * Hands the jobs of a batch over.
   * @returns what they are called there, and what the user is told
   */
  submit(batch: Batch): Promise<{ readonly id?: string; readonly text: string }>
}

/** Writes the jobs of all rows into one batch and hands it over. Trains nothing here. Returns the exit code. */
export async function handOver(
  kind: string,
  place: Place,
  table: string,
  work: readonly Work[],
  options: Omit<TrainingArguments, 'executor'>,
  view: ProgressView,
  signal: AbortSignal,
): Promise<number> {
  await place.check?.()
  const executor = createCollector()
  const { exitCode } = await trainWork(work, { ...options, executor }, view, signal)
  if (exitCode > 1) return exitCode
  if (executor.jobs.length === 0) {
    process.stderr.write('Nothing is left to train.\n')
    return exitCode
  }
  const batch = await createBatch(options.out, table, executor.jobs)
  const { id, text } = await place.submit(batch)
  if (id !== undefined) await placeBatch(batch, { kind, id })
  process.stderr.write(`${text}\n`)
  return 0
}

/** Writes the jobs alone, for a scheduler that Tricklab does not know. */
export const listed: Place = {
  async submit({ folder, jobs }) {
    const last = jobs.length - 1
    return {
      text: `${jobs.length} jobs are in ${folder}. Start each with: pnpm repro job ${folder} INDEX, INDEX from 0 to ${last}.`,
    }
  },
}
