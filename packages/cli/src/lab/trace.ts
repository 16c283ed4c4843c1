import path from 'node:path'
import { prepareEngine } from '@tricklab/engine'
import { openDataset, traceRow } from '@tricklab/repro'
import { type EngineArguments, engineChoice } from '../repro/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { oneRow } from './explain.ts'

export interface TraceArguments extends EngineArguments {
  readonly steps: number
  readonly totalSteps?: number
  readonly batchSize?: number
  readonly validBatches: number
  readonly seed?: number
  readonly data?: string[]
  readonly out: string
  readonly json?: boolean
}

/** `pnpm lab trace TABLE/ROW`: the first steps of a training, as files that another framework can follow. */
export async function trace(target: string, given: TraceArguments): Promise<void> {
  const row = await oneRow(target)
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const [engine, engineOptions] = engineChoice(given)
    await prepareEngine(engine, { ...engineOptions, onNotice: notice })
    const dataset = await openDataset(row, { dataPaths: given.data ?? [], progress: view.sink, signal })
    const folder = path.resolve(given.out)
    const { steps, totalSteps, batchSize, validBatches, seed = row.seeds[0] ?? 1 } = given
    const traced = await traceRow(row, dataset, {
      ...{ seed, steps, validBatches, folder, progress: view.sink, signal },
      ...(totalSteps === undefined ? {} : { totalSteps }),
      ...(batchSize === undefined ? {} : { batchSize }),
    })
    dataset.dispose?.()
    view.close()
    process.stderr.write(`Trace of ${traced.steps.length} steps: ${folder}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify({ ...traced, folder })}\n`)
  } finally {
    view.close()
  }
}
