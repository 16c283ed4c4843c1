/**
 * Promises that blocks and models share. Both are seen as a `Network`: parameters, and a map from images to a tensor.
 */
import { createHash } from 'node:crypto'
import { createRng, listParams, type Rng, type Shape } from '@tricklab/core'
import type { ApplyContext, ParamTree } from '@tricklab/core/contracts'
import { trainable } from '@tricklab/core/params'
import * as tf from '@tricklab/core/tf'
import { drawImages } from '../arbitraries/index.ts'
import { type Check, violate } from './check.ts'
import {
  copyParams,
  expectFinite,
  expectNoLeak,
  expectSameBits,
  expectSameParams,
  memory,
  snapshotParams,
  valuesOf,
} from './tensors.ts'

export interface Network {
  readonly params: ParamTree
  apply(images: tf.Tensor4D, context: ApplyContext): tf.Tensor
  dispose(): void
}

/** One way to build a network, and the images that it is tried on. */
export interface NetworkCase {
  /** For messages: options and context. */
  readonly label: string
  readonly input: Shape
  build(init: Rng): Network
}

export interface NetworkTarget {
  readonly cases: readonly NetworkCase[]
  /** Parameters (path prefixes) whose first gradient is rightly zero, such as what lies behind a γ that starts at 0. */
  readonly zeroGradient: readonly string[]
}

export const init = (seed = 1) => createRng(seed).scope('init')
export const forward = (seed = 1) => createRng(seed).scope('forward')

/** Runs a body on a freshly built network and disposes of it. */
export async function withNetwork<T>(
  { build }: NetworkCase,
  body: (network: Network) => Promise<T>,
  rng = init(),
): Promise<T> {
  const network = build(rng)
  try {
    return await body(network)
  } finally {
    network.dispose()
  }
}

/** Runs a body on a batch of images that depend on the seed alone. */
export async function withImages<T>(
  input: Shape,
  batch: number,
  body: (images: tf.Tensor4D) => Promise<T>,
  seed = 1,
): Promise<T> {
  const images = tf.tensor4d(drawImages(seed, batch, input), [batch, ...input])
  try {
    return await body(images)
  } finally {
    images.dispose()
  }
}

/** The values that a network gives for images. */
export async function run(
  network: Network,
  images: tf.Tensor4D,
  context: { training: boolean; rng?: Rng },
): Promise<Float32Array> {
  // A clone, so that a network that hands back its input does not lose it here.
  const output = tf.tidy(() => tf.clone(network.apply(images, { rng: forward(), ...context })))
  const values = await valuesOf(output)
  output.dispose()
  return values
}

const modes = [
  { training: false, mode: 'evaluation' },
  { training: true, mode: 'training' },
] as const

/** Text that two networks share exactly when they start and compute alike. */
export async function networkFingerprint(networkCase: NetworkCase): Promise<string> {
  return withNetwork(networkCase, async (network) => {
    const params = await snapshotParams(listParams(network.params))
    const output = await withImages(networkCase.input, 2, (images) => run(network, images, { training: true }))
    const hash = createHash('sha256').update(output)
    for (const [path, values] of params) hash.update(path).update(values)
    return hash.digest('hex')
  })
}

/** A check that runs on every case, and names the case in what it finds. */
export function eachCase(
  name: string,
  body: (networkCase: NetworkCase, target: NetworkTarget) => Promise<void>,
): Check<NetworkTarget> {
  return {
    name,
    async run(target) {
      for (const networkCase of target.cases) {
        try {
          await body(networkCase, target)
        } catch (error) {
          if (error instanceof Error) error.message += ` (${networkCase.label})`
          throw error
        }
      }
    },
  }
}

export const networkChecks: readonly Check<NetworkTarget>[] = [
  eachCase('outputs are finite', (networkCase) =>
    withNetwork(networkCase, async (network) => {
      for (const { training, mode } of modes) {
        const output = await withImages(networkCase.input, 4, (images) => run(network, images, { training }))
        expectFinite(`the output in ${mode}`, output)
      }
    }),
  ),
  eachCase('batches of 1 and of odd sizes work', (networkCase) =>
    withNetwork(networkCase, async (network) => {
      const together = await withImages(networkCase.input, 3, (images) => run(network, images, { training: false }))
      const single = drawImages(1, 3, networkCase.input).subarray(
        0,
        networkCase.input.reduce((a, b) => a * b),
      )
      const images = tf.tensor4d(single, [1, ...networkCase.input])
      const alone = await run(network, images, { training: false })
      images.dispose()
      expectNear(alone, together.subarray(0, alone.length))
      const odd = await withImages(networkCase.input, 3, (batch) => run(network, batch, { training: true }))
      if (odd.length !== together.length)
        violate(`3 images give ${odd.length} numbers in training, ${together.length} not`)
    }),
  ),
  eachCase('every trainable parameter has a finite gradient that is not zero', async (networkCase, target) => {
    await withNetwork(networkCase, (network) =>
      withImages(networkCase.input, 4, (images) => expectGradients(network, images, target)),
    )
  }),
  eachCase('the same key gives the same bytes', async (networkCase) => {
    const results = []
    for (const _ of [1, 2])
      results.push(await withNetwork(networkCase, (network) => startAndOutput(network, networkCase)))
    const [a, b] = results as [StartAndOutput, StartAndOutput]
    expectSameParams('two initialisations with one key', a.start, b.start)
    expectSameBits('two training passes with one key', a.output, b.output)
  }),
  eachCase('another key gives another initialisation', async (networkCase) => {
    const start = (seed: number) =>
      withNetwork(networkCase, (network) => snapshotParams(weightsOf(network)), init(seed))
    const [a, b] = [await start(1), await start(2)]
    for (const [path, values] of a) {
      if (values.length > 1 && values.every((value, index) => value === b.get(path)?.[index])) {
        violate(`weight "${path}" is the same for two keys`)
      }
    }
  }),
  eachCase('evaluation draws nothing and changes nothing', (networkCase) =>
    withNetwork(networkCase, async (network) => {
      const params = listParams(network.params)
      const before = await snapshotParams(params)
      await withImages(networkCase.input, 3, async (images) => {
        const first = await run(network, images, { training: false, rng: forward(1) })
        expectSameParams('evaluation changes parameters', before, await snapshotParams(params))
        const second = await run(network, images, { training: false, rng: forward(2) })
        expectSameBits('two evaluations of the same images', first, second)
      })
    }),
  ),
  eachCase('all state is in the parameters, so a resumed training goes on with the same bits', async (networkCase) => {
    await withNetwork(networkCase, async (used) => {
      await withImages(networkCase.input, 4, (images) => run(used, images, { training: true, rng: forward(1) }), 1)
      await withNetwork(
        networkCase,
        async (fresh) => {
          copyParams(listParams(used.params), listParams(fresh.params))
          await withImages(
            networkCase.input,
            4,
            async (images) => {
              const context = { training: true, rng: forward(2) }
              const [a, b] = [await run(used, images, context), await run(fresh, images, context)]
              expectSameBits('a training pass after another, and the same in a copy of the parameters', a, b)
            },
            2,
          )
          const [a, b] = [await snapshotParams(listParams(used.params)), await snapshotParams(listParams(fresh.params))]
          expectSameParams('parameters after it', a, b)
        },
        init(2),
      )
    })
  }),
  eachCase('inputs are left as they were', (networkCase) =>
    withNetwork(networkCase, (network) =>
      withImages(networkCase.input, 4, async (images) => {
        const before = await valuesOf(images)
        for (const { training, mode } of modes) {
          await run(network, images, { training })
          if (images.isDisposed) violate(`the images were disposed of in ${mode}`)
          expectSameBits(`the images after ${mode}`, before, await valuesOf(images))
        }
      }),
    ),
  ),
  eachCase('no tensor is left over', async (networkCase) => {
    const outside = memory()
    await withImages(networkCase.input, 2, async (images) => {
      const before = memory()
      const network = networkCase.build(init())
      const built = memory()
      const held = listParams(network.params).length
      const extra = built.numTensors - before.numTensors - held
      if (extra !== 0) violate(`building makes ${held + extra} tensors for ${held} parameters`)
      for (const { training, mode } of modes) {
        await run(network, images, { training })
        expectNoLeak(`after ${mode}`, built)
      }
      tf.dispose(gradientsOf(network, images))
      expectNoLeak('after a gradient', built)
      network.dispose()
      expectNoLeak('after dispose()', before)
    })
    expectNoLeak('in the end', outside)
  }),
]

interface StartAndOutput {
  start: Map<string, Float32Array>
  output: Float32Array
}

async function startAndOutput(network: Network, { input }: NetworkCase): Promise<StartAndOutput> {
  const start = await snapshotParams(listParams(network.params))
  const output = await withImages(input, 4, (images) => run(network, images, { training: true }))
  return { start, output }
}

const weightsOf = (network: Network) => listParams(network.params).filter(({ role }) => role === 'weight')

async function expectGradients(network: Network, images: tf.Tensor4D, { zeroGradient }: NetworkTarget): Promise<void> {
  const params = trainable(listParams(network.params))
  if (params.length === 0) return
  const gradients = gradientsOf(network, images)
  try {
    for (const { path, value } of params) {
      const gradient = gradients[value.name]
      if (gradient == null) violate(`parameter "${path}" takes no part in the output: it has no gradient`)
      const values = await valuesOf(gradient)
      expectFinite(`the gradient of "${path}"`, values)
      const expectZero = zeroGradient.some((prefix) => path.startsWith(prefix))
      const zero = values.every((entry) => entry === 0)
      if (zero && !expectZero) violate(`the gradient of "${path}" is zero`)
      if (!zero && expectZero) violate(`the gradient of "${path}" is declared zero, and is not`)
    }
  } finally {
    tf.dispose(gradients)
  }
}

/** Gradients of Σ output · r by variable name, where r is random: a plain sum has gradient zero through a batch norm. */
function gradientsOf(network: Network, images: tf.Tensor4D): { [name: string]: tf.Tensor } {
  const variables = trainable(listParams(network.params)).map(({ value }) => value)
  if (variables.length === 0) return {}
  const stream = createRng(5).at('directions')
  // TF.js refuses an output that no variable takes part in; with this one it never does, and the check can say more.
  const anchor = tf.tidy(() => tf.variable(tf.scalar(0)))
  const { value, grads } = tf.variableGrads(() => {
    const output = network.apply(images, { training: true, rng: forward() })
    const directions = Float32Array.from({ length: output.size }, () => stream.normal())
    return tf.add(anchor, tf.sum(tf.mul(output, tf.tensor(directions, output.shape)))) as tf.Scalar
  }, [...variables, anchor])
  tf.dispose([value, grads[anchor.name]!, anchor])
  return grads
}

/** Engines may sum in another order for another batch size, so equal up to rounding. */
function expectNear(alone: Float32Array, together: Float32Array): void {
  for (const [index, value] of alone.entries()) {
    const other = together[index]!
    if (Math.abs(value - other) <= 1e-4 * (1 + Math.abs(other))) continue
    violate(`an image alone gives ${value}, among others ${other} (element ${index}), in evaluation`)
  }
}
