// Our side of a measurement: the real loop on batches in memory, a turn of steps at a time.
import type { Row } from '@tricklab/core'
import { saveWeights } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { type EngineName, type Precision, prepareEngine } from '@tricklab/engine'
import { openDataset } from '@tricklab/repro'
import { oneRow } from '../lab/explain.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { again, type BenchLoop, createBenchLoop, holdBatches } from './loop.ts'
import type { OursSetup, TensorCount, TurnRequest } from './messages.ts'
import { peakResidentBytes } from './peak-memory.ts'
import { answer, requests, runSide } from './side-loop.ts'

/** Batches that are held in memory and visited in turn. */
const heldBatches = 4

await runSide(async () => {
  const incoming = requests<OursSetup | TurnRequest>()
  const setup = (await incoming.next()).value as OursSetup
  const { engine: name, precision, threads, warmup } = setup
  const row: Row = await oneRow(setup.target)
  const engine = await prepareEngine(name as EngineName | 'auto', {
    precision: precision as Precision,
    ...(threads === undefined ? {} : { threads }),
  })
  const { sink: progress } = createProgressView()
  const { signal } = new AbortController()
  const dataset = await openDataset(row, { dataPaths: setup.dataPaths, progress, signal })
  const loop = await createBenchLoop(row, dataset, progress)
  const batches = await holdBatches(loop, heldBatches)
  if (setup.share !== undefined) await share(loop, setup.share, batches)

  let step = 0
  const next = () => again(batches[step++ % batches.length]!)
  await loop.run(async function* () {
    for (let i = 0; i < warmup; i++) {
      yield next()
      if (i === 0) answer({ bench: 'first-step' })
    }
    await loop.settle()
    answer({
      bench: 'ready',
      name: `tricklab ${engine.name}`,
      version: engine.version,
      threads: engine.threads,
      notes: ['the loop as `pnpm repro` runs it, its metrics and callbacks included'],
      losses: loop.losses.slice(0, 4),
      engine,
      batchSize: batches[0]!.size,
      batches: batches.length,
      imageShape: batches[0]!.images.shape.slice(1),
      classes: dataset.classes.length,
      parameters: loop.learner.trainable.reduce((sum, { value }) => sum + value.size, 0),
      totalSteps: loop.totalSteps,
      firstLearningRate: loop.learner.parts.schedule.at(0).learningRate,
    } as Parameters<typeof answer>[0])
    for await (const { steps } of incoming as AsyncIterable<TurnRequest>) {
      const times: number[] = []
      const resident: number[] = []
      const tensors: TensorCount[] = []
      for (let i = 0; i < steps; i++) {
        const start = performance.now()
        yield next()
        // An engine that computes later has to have done its work within the turn.
        if (i === steps - 1) await loop.settle()
        times.push(performance.now() - start)
        resident.push(process.memoryUsage.rss())
        const { numTensors, numBytes } = tf.memory()
        tensors.push({ numTensors, numBytes })
      }
      answer({
        bench: 'turn',
        times,
        resident,
        peakResident: peakResidentBytes(),
        tensors: { first: tensors[0]!, last: tensors.at(-1)! },
      })
    }
  })
})

/** Writes what a peer needs to compute the same: initial weights and the batches. */
async function share(loop: BenchLoop, file: string, batches: Awaited<ReturnType<typeof holdBatches>>): Promise<void> {
  const weights = loop.learner.params.map(({ path, value }) => [`model/${path}`, value as tf.Tensor] as const)
  const data = batches.flatMap(({ images, targets }, index) => [
    [`batch/${index}/images`, images as tf.Tensor] as const,
    [`batch/${index}/targets`, targets as tf.Tensor] as const,
  ])
  await saveWeights(file, Object.fromEntries([...weights, ...data]), {})
}
