// One turn of one variant: training steps, then predictions of the batch and of a single image.
import * as tf from '@tricklab/core/tf'
import { type EngineName, type Precision, prepareEngine } from '@tricklab/engine'
import { again, createScriptedLoop, holdBatches, type ProgressSink, type ScriptedLoop } from '@tricklab/train'
import { peakResidentBytes } from '../process/peak-memory.ts'
import { answer, requests, runSide } from '../process/side-loop.ts'
import type { TurnRequest } from '../process/side-messages.ts'
import { oneRow } from '../runner/one-row.ts'
import type { VariantSetup, VariantTurn } from './variants.ts'

/** What a reader should know stands among the notices of the parent; its progress is counted in turns. */
const progress: ProgressSink = (event) => {
  if (event.kind === 'notice') process.stderr.write(`${event.message}\n`)
}

await runSide(async () => {
  const incoming = requests<VariantSetup | TurnRequest>()
  const setup = (await incoming.next()).value as VariantSetup
  const row = await oneRow(setup.target)
  const engine = await prepareEngine(setup.engine as EngineName, {
    precision: setup.precision as Precision,
    threads: setup.threads,
  })
  const loop = await createScriptedLoop(row, { dataPaths: setup.dataPaths, progress })
  const [batch] = await holdBatches(loop, 1)
  await loop.run(async function* () {
    yield again(batch!)
    await loop.settle()
    answer({ bench: 'first-step' })
    const { name, version, threads } = engine
    answer({ bench: 'ready', name, version, threads, notes: [], losses: loop.losses })
    for await (const { steps } of incoming as AsyncIterable<TurnRequest>) {
      const times: number[] = []
      for (let step = 0; step < steps; step++) {
        const start = performance.now()
        yield again(batch!)
        await loop.settle()
        times.push(performance.now() - start)
      }
      const single = tf.slice(batch!.images, 0, 1) as tf.Tensor4D
      const predict = await timePredictions(loop, batch!.images, steps)
      const latency = await timePredictions(loop, single, steps)
      single.dispose()
      const turn: VariantTurn = {
        bench: 'turn',
        times,
        resident: [],
        peakResident: peakResidentBytes(),
        predict,
        latency,
      }
      answer(turn)
    }
  })
})

/** Times of scoring the images, after one score to warm up. @unit milliseconds */
async function timePredictions({ learner }: ScriptedLoop, images: tf.Tensor4D, count: number): Promise<number[]> {
  const { model, rng } = learner.parts
  const times: number[] = []
  for (let index = 0; index <= count; index++) {
    const start = performance.now()
    const scores = tf.tidy(() => model.apply(images, { training: false, rng }))
    await scores.data()
    if (index > 0) times.push(performance.now() - start)
    scores.dispose()
  }
  return times
}
