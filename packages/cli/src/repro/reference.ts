import { type Engine, type EngineName, type Precision, prepareEngine } from '@tricklab/engine'
import { createCostCounter, type ReferenceSpeed } from '@tricklab/repro'
import { again, createScriptedLoop, holdBatches, type ProgressSink } from '@tricklab/train'
import { resolveTargets } from '../bench/targets.ts'
import { type EngineArguments, engineChoice } from '../options/arguments.ts'

const network = 'xresnet50'
/** The first step prepares kernels and memory. */
const warmup = 1
const timedSteps = 3

export interface ReferenceOptions extends EngineArguments {
  /** Told instead of measured. */
  readonly imagesPerSecond?: number | undefined
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/**
 * How many training images of one known network pass in a second on this machine: told, or measured by a few steps of the
 * real loop on batches in memory. Nothing is stored.
 */
export async function referenceSpeed(
  precisions: readonly string[],
  options: ReferenceOptions,
): Promise<ReferenceSpeed> {
  const { imagesPerSecond: told, progress, signal } = options
  const [{ row }] = (await resolveTargets([network])) as [Awaited<ReturnType<typeof resolveTargets>>[number]]
  const { macs } = await createCostCounter({ dataPaths: [], progress, signal })(row)
  const speeds: Record<string, number> = {}
  for (const precision of precisions) {
    if (signal.aborted) speeds[precision] = Number.NaN
    else speeds[precision] = told ?? (await measure(row, precision as Precision, options))
  }
  const { imageSize } = row.recipe.data.dataset as unknown as { imageSize: number }
  return { network: `${network} at ${imageSize} px`, macs, imagesPerSecond: speeds }
}

type Row = Awaited<ReturnType<typeof resolveTargets>>[number]['row']

async function measure(row: Row, precision: Precision, options: ReferenceOptions): Promise<number> {
  const { progress, signal } = options
  const notice = (message: string) => progress({ kind: 'notice', message })
  const [name, engineOptions] = engineChoice(options)
  const engine: Engine = await prepareEngine(name as EngineName | 'auto', {
    ...engineOptions,
    preferredPrecision: precision,
    onNotice: notice,
  })
  notice(`Timing ${timedSteps} steps of ${network} on ${engine.name} ${engine.precision} …`)
  const loop = await createScriptedLoop(row, { progress })
  const [batch] = await holdBatches(loop, 1)
  const times: number[] = []
  await loop.run(async function* () {
    for (let step = 0; step < warmup + timedSteps && !signal.aborted; step++) {
      const start = performance.now()
      yield again(batch!)
      // An engine that computes later has to have done its work within the step.
      await loop.settle()
      if (step >= warmup) times.push((performance.now() - start) / 1000)
    }
  })
  const { size } = batch!
  batch!.images.dispose()
  batch!.targets.dispose()
  await loop.dispose()
  // The fastest step is the least disturbed by whatever else runs here.
  return size / Math.min(...times)
}
