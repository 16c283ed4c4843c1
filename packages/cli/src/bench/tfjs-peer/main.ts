// The plain TF.js side of a measurement: the stock wasm backend, stock operations, stock gradients, tf.train.adam.
// Nothing of @tricklab/nn or @tricklab/optim may be imported here.
import { readFile } from 'node:fs/promises'
import { decodeSafetensors } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { prepareStockWasm } from '@tricklab/engine/stock-wasm'
import {
  answer,
  type ProcessorTurn,
  peakResidentBytes,
  requests,
  runSide,
  type TensorCount,
  type TurnRequest,
} from '@tricklab/repro'
import type { PeerSetup } from '../messages.ts'
import { fillInConvFilterGradient, filterGradientNote } from './conv-filter-gradient.ts'
import type { Weights } from './layers.ts'
import { forwardOf, type PlainNetwork } from './network.ts'

await runSide(async () => {
  const incoming = requests<PeerSetup | TurnRequest>()
  const setup = (await incoming.next()).value as PeerSetup
  const { version } = await prepareStockWasm()
  fillInConvFilterGradient()
  const step = await createStep(setup)

  const losses: number[] = []
  for (let i = 0; i < setup.warmup; i++) {
    losses.push(await step())
    if (i === 0) answer({ bench: 'first-step' })
  }
  answer({
    bench: 'ready',
    name: 'plain TF.js wasm',
    version,
    threads: 1,
    notes: [
      'tf.losses.softmaxCrossEntropy and tf.train.adam at a constant rate, no decay, no metrics',
      filterGradientNote,
    ],
    losses: losses.slice(0, 4),
  })
  for await (const { steps } of incoming as AsyncIterable<TurnRequest>) {
    const times: number[] = []
    const processor: number[] = []
    const resident: number[] = []
    const tensors: TensorCount[] = []
    for (let i = 0; i < steps; i++) {
      const [start, before] = [performance.now(), process.cpuUsage()]
      await step()
      times.push(performance.now() - start)
      const { user, system } = process.cpuUsage(before)
      processor.push((user + system) / 1000)
      resident.push(process.memoryUsage.rss())
      const { numTensors, numBytes } = tf.memory()
      tensors.push({ numTensors, numBytes })
    }
    const seen = { first: tensors[0]!, last: tensors.at(-1)! }
    const peakResident = peakResidentBytes()
    const turn: ProcessorTurn = { bench: 'turn', times, processor, resident, peakResident, tensors: seen }
    answer(turn)
  }
})

/** One step on the next batch: forward, backward, update, and its loss read back. */
async function createStep(setup: PeerSetup): Promise<() => Promise<number>> {
  const { tensors } = decodeSafetensors(await readFile(setup.share), setup.share)
  const read = (name: string) => tf.tensor(tensors[name]!.data, [...tensors[name]!.shape])
  const variables = new Map<string, tf.Variable>()
  for (const name of Object.keys(tensors).filter((key) => key.startsWith('model/'))) {
    const isBuffer = /\/(mean|variance)$/.test(name)
    variables.set(
      name.slice('model/'.length),
      tf.tidy(() => tf.variable(read(name), !isBuffer)),
    )
  }
  const weights: Weights = { get: (path) => variables.get(path)!, has: (path) => variables.has(path) }
  const batches = Array.from({ length: setup.batches }, (_, index) => ({
    images: read(`batch/${index}/images`) as tf.Tensor4D,
    targets: read(`batch/${index}/targets`) as tf.Tensor2D,
  }))
  const forward = forwardOf(setup.network as PlainNetwork, weights)
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = setup.optimizer as Record<string, number>
  const optimizer = tf.train.adam(setup.firstLearningRate, beta1, beta2, epsilon)
  const trained = [...variables.values()].filter((variable) => variable.trainable)
  let done = 0
  return async () => {
    const { images, targets } = batches[done++ % batches.length]!
    const compute = () => tf.losses.softmaxCrossEntropy(targets, forward(images)) as tf.Scalar
    const loss = optimizer.minimize(compute, true, trained)!
    const [value] = await loss.data()
    loss.dispose()
    return value!
  }
}
