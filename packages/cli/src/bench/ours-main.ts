// Our side of a measurement: the real loop on batches in memory, a turn of steps at a time.
import type { Row } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type EngineName, type Precision, prepareEngine } from '@tricklab/engine'
import {
  answer,
  oneRow,
  type ProcessorTurn,
  peakResidentBytes,
  requests,
  runSide,
  type TensorCount,
  type TurnRequest,
} from '@tricklab/repro'
import { again, createScriptedLoop, holdBatches } from '@tricklab/train'
import { createProgressView } from '../ui/progress-view.ts'
import type { OursSetup } from './messages.ts'
import { describeTraining, shareStart } from './share.ts'

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
  const loop = await createScriptedLoop(row, { dataPaths: setup.dataPaths, progress })
  const batches = await holdBatches(loop, heldBatches)
  if (setup.share !== undefined) await shareStart(loop, setup.share, batches)

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
      ...describeTraining(loop, batches),
    } as Parameters<typeof answer>[0])
    for await (const { steps } of incoming as AsyncIterable<TurnRequest>) {
      const times: number[] = []
      const processor: number[] = []
      const resident: number[] = []
      const tensors: TensorCount[] = []
      for (let i = 0; i < steps; i++) {
        const [start, before] = [performance.now(), process.cpuUsage()]
        yield next()
        // An engine that computes later has to have done its work within the turn.
        if (i === steps - 1) await loop.settle()
        times.push(performance.now() - start)
        const { user, system } = process.cpuUsage(before)
        processor.push((user + system) / 1000)
        resident.push(process.memoryUsage.rss())
        const { numTensors, numBytes } = tf.memory()
        tensors.push({ numTensors, numBytes })
      }
      const turn: ProcessorTurn = {
        bench: 'turn',
        times,
        processor,
        resident,
        peakResident: peakResidentBytes(),
        tensors: { first: tensors[0]!, last: tensors.at(-1)! },
      }
      answer(turn)
    }
  })
})
