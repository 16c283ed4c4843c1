/** Fused training kernels, by the names that the packages which own the operations give them. */
import type * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import { type NativeBackend, sizeOf } from '../backend.ts'
import type { Numbers } from '../storage.ts'
import { unaryOp } from './elementwise.ts'
import { rowsAndChannels } from './geometry.ts'
import { nativeKernel } from './register.ts'

interface FusedAddon {
  batchNormTrain(
    x: Numbers, rows: number, channels: number, gamma: Float32Array, beta: Float32Array, epsilon: number,
    activation: number, y: Numbers, stats: Float32Array,
  ): void // biome-ignore format: a list
  batchNormTrainGrad(
    dy: Numbers, x: Numbers, rows: number, channels: number, gamma: Float32Array, beta: Float32Array,
    stats: Float32Array, epsilon: number, activation: number, dx: Numbers, dgamma: Float32Array, dbeta: Float32Array,
  ): void // biome-ignore format: a list
  batchNormEval(
    x: Numbers, rows: number, channels: number, mean: Float32Array, variance: Float32Array,
    gamma: Float32Array | undefined, beta: Float32Array | undefined, epsilon: number, activation: number, y: Numbers,
  ): void // biome-ignore format: a list
  softmaxCrossEntropy(
    logits: Float32Array, targets: Float32Array, rows: number, classes: number, losses: Float32Array,
    residual: Float32Array,
  ): void // biome-ignore format: a list
  unary(op: number, x: Numbers, count: number, first: number, second: number, y: Numbers): void
  leakyReluGrad(dy: Numbers, x: Numbers, count: number, alpha: number, dx: Numbers): void
  mish(x: Numbers, count: number, y: Numbers): void
  mishGrad(dy: Numbers, x: Numbers, count: number, dx: Numbers): void
  swish(x: Numbers, count: number, y: Numbers): void
  swishGrad(dy: Numbers, x: Numbers, count: number, dx: Numbers): void
  gelu(x: Float32Array, count: number, form: number, y: Float32Array): void
  geluGrad(dy: Float32Array, x: Float32Array, count: number, form: number, dx: Float32Array): void
  layerNorm(
    x: Float32Array, rows: number, channels: number, gamma: Float32Array, beta: Float32Array, epsilon: number,
    y: Float32Array, mean: Float32Array, inverse: Float32Array,
  ): void // biome-ignore format: a list
  layerNormGrad(
    dy: Float32Array, x: Float32Array, rows: number, channels: number, gamma: Float32Array, mean: Float32Array,
    inverse: Float32Array, dx: Float32Array, dgamma: Float32Array, dbeta: Float32Array,
  ): void // biome-ignore format: a list
  dropout(x: Float32Array, count: number, key: number, threshold: number, scale: number, y: Float32Array): void
  adamw(
    arrays: Float32Array[], keep: Float64Array, beta1: number, beta2: number, stepSize: number, rootScale: number,
    epsilon: number,
  ): void // biome-ignore format: a list
  sgd(
    arrays: Float32Array[], decays: Float64Array, learningRate: number, momentum: number, oneMinusDampening: number,
    nesterov: number, first: number,
  ): void // biome-ignore format: a list
  rmsprop(
    arrays: Float32Array[], weightDecays: Float64Array, learningRate: number, decay: number, momentum: number,
    epsilon: number,
  ): void // biome-ignore format: a list
  ranger(
    arrays: Float32Array[], keep: Float64Array, channels: Int32Array, beta1: number, beta2: number, stepSize: number,
    epsilon: number, alpha: number, rectified: number,
  ): void // biome-ignore format: a list
}

/** What batch norm and its gradient are told; an activation that is not in `activationCode` is not served. */
interface BatchNormAttrs {
  epsilon: number
  activation: { name: string }
}

/** What every optimizer tells: the rate, and the decay of every parameter. */
interface Moving {
  learningRate: number
  weightDecays: number[]
}

interface RangerAttrs extends Moving {
  stepSize: number
  rectified: boolean
  beta1: number
  beta2: number
  epsilon: number
  alpha: number
  centralise: boolean
}

/** Runs a kernel on its inputs; undefined for a call that it does not serve, which goes to the composed version. */
type Run<Inputs extends string, Attrs> = (
  inputs: Record<Inputs, tf.TensorInfo>,
  attrs: Attrs,
  backend: NativeBackend,
) => tf.TensorInfo[] | undefined

function register<Inputs extends string, Attrs = object>(name: string, run: Run<Inputs, Attrs>): void {
  nativeKernel<Attrs>(name, ({ inputs, attrs, backend, stock }) => {
    const outputs = run(inputs as Record<Inputs, tf.TensorInfo>, attrs, backend)
    if (outputs === undefined) return stock()
    return outputs.length === 1 ? outputs[0]! : outputs
  })
}

/** In the order of `Activation` in native/norm/batch-norm.h. */
const activationCode: ReadonlyMap<string, number> = new Map([
  ['linear', 0],
  ['relu', 1],
  ['mish', 2],
])

/** In the order of `GeluForm` in native/elementwise/gelu.h. */
const geluCode = { exact: 0, tanh: 1 } as const

/** Registers every kernel of this topic; ReluGrad and AddRelu are ordinary binary kernels. */
export function registerFused(): void {
  const addon = addonFunctions<FusedAddon>()
  registerBatchNorm(addon)
  registerLayerNorm(addon)
  registerElementwise(addon)
  registerOptimizers(addon)
  register<'logits' | 'targets'>('SoftmaxCrossEntropy', ({ logits, targets }, _attrs, backend) => {
    const [rows, classes] = rowsAndChannels(logits.shape)
    const losses = backend.output([rows])
    const residual = backend.output(logits.shape)
    const [x, t] = [backend.floats(logits), backend.floats(targets)]
    addon.softmaxCrossEntropy(x, t, rows, classes, backend.floats(losses), backend.floats(residual))
    return [losses, residual]
  })
}

function registerBatchNorm(addon: FusedAddon): void {
  register<'x' | 'gamma' | 'beta', BatchNormAttrs>(
    'BatchNormTrain',
    ({ x, gamma, beta }, { epsilon, activation }, backend) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x.shape)
      const y = backend.outputLike(x)
      const stats = backend.output([2, channels])
      addon.batchNormTrain(
      backend.numbers(x), rows, channels, backend.floats(gamma), backend.floats(beta), epsilon,
      code, backend.numbers(y), backend.floats(stats),
    ) // biome-ignore format: a list
      return [y, stats]
    },
  )
  register<'dy' | 'x' | 'gamma' | 'beta' | 'stats', BatchNormAttrs>(
    'BatchNormTrainGrad',
    ({ dy, x, gamma, beta, stats }, { epsilon, activation }, backend) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x.shape)
      const dx = backend.outputLike(x)
      const dgamma = backend.output([channels])
      const dbeta = backend.output([channels])
      addon.batchNormTrainGrad(
      backend.numbers(dy, backend.storage(x)), backend.numbers(x), rows, channels, backend.floats(gamma),
      backend.floats(beta), backend.floats(stats), epsilon, code, backend.numbers(dx),
      backend.floats(dgamma), backend.floats(dbeta),
    ) // biome-ignore format: a list
      return [dx, dgamma, dbeta]
    },
  )
  register<'stats' | 'mean' | 'variance', { momentum: number; correction: number }>(
    'BatchNormRunning',
    ({ stats, mean, variance }, { momentum, correction }, backend) => {
      // A few hundred numbers: not worth a function of its own in C++.
      const channels = sizeOf(mean.shape)
      const batch = backend.floats(stats)
      const blend = (old: tf.TensorInfo, offset: number, weight: number) => {
        const out = backend.output(old.shape)
        const [from, to] = [backend.floats(old), backend.floats(out)]
        for (let c = 0; c < channels; c++) to[c] = (1 - momentum) * from[c]! + weight * batch[offset + c]!
        return out
      }
      return [blend(mean, 0, momentum), blend(variance, channels, momentum * correction)]
    },
  )
  register<'x' | 'gamma' | 'beta' | 'mean' | 'variance', BatchNormAttrs>(
    'BatchNormEval',
    ({ x, gamma, beta, mean, variance }, { epsilon, activation }, backend) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x.shape)
      const y = backend.outputLike(x)
      addon.batchNormEval(
      backend.numbers(x), rows, channels, backend.floats(mean), backend.floats(variance), backend.floats(gamma),
      backend.floats(beta), epsilon, code, backend.numbers(y),
    ) // biome-ignore format: a list
      return [y]
    },
  )
  nativeKernel<tf.FusedBatchNormAttrs>('FusedBatchNorm', ({ inputs, attrs, backend, stock }) => {
    const { x, mean, variance } = inputs as { x: tf.TensorInfo; mean: tf.TensorInfo; variance: tf.TensorInfo }
    const { scale, offset } = inputs
    const [rows, channels] = rowsAndChannels(x.shape)
    const parameters = [mean, variance, scale, offset].filter((one) => one !== undefined)
    const served = [x, ...parameters].every(({ dtype }) => dtype === 'float32')
    if (!served || x.shape.length === 0 || !parameters.every(({ shape }) => sizeOf(shape) === channels)) return stock()
    const y = backend.outputLike(x)
    addon.batchNormEval(
      backend.numbers(x), rows, channels, backend.floats(mean), backend.floats(variance),
      scale && backend.floats(scale), offset && backend.floats(offset), attrs.varianceEpsilon, 0, backend.numbers(y),
    ) // biome-ignore format: a list
    return y
  })
}

function registerLayerNorm(addon: FusedAddon): void {
  register<'x' | 'gamma' | 'beta', { epsilon: number }>('LayerNorm', ({ x, gamma, beta }, { epsilon }, backend) => {
    const [rows, channels] = rowsAndChannels(x.shape)
    const y = backend.output(x.shape)
    const [mean, inverse] = [0, 0].map(() => backend.output([...x.shape.slice(0, -1), 1])) as [
      tf.TensorInfo,
      tf.TensorInfo,
    ]
    addon.layerNorm(
      backend.floats(x), rows, channels, backend.floats(gamma), backend.floats(beta), epsilon, backend.floats(y),
      backend.floats(mean), backend.floats(inverse),
    ) // biome-ignore format: a list
    return [y, mean, inverse]
  })
  register<'dy' | 'x' | 'gamma' | 'mean' | 'inverse'>(
    'LayerNormGrad',
    ({ dy, x, gamma, mean, inverse }, _attrs, backend) => {
      const [rows, channels] = rowsAndChannels(x.shape)
      const dx = backend.output(x.shape)
      const dgamma = backend.output([channels])
      const dbeta = backend.output([channels])
      addon.layerNormGrad(
      backend.floats(dy), backend.floats(x), rows, channels, backend.floats(gamma), backend.floats(mean),
      backend.floats(inverse), backend.floats(dx), backend.floats(dgamma), backend.floats(dbeta),
    ) // biome-ignore format: a list
      return [dx, dgamma, dbeta]
    },
  )
}

function registerElementwise(addon: FusedAddon): void {
  const leaky = unaryOp('LeakyReluOffset')
  register<'x', { alpha: number; offset: number }>('LeakyReluOffset', ({ x }, { alpha, offset }, backend) => {
    const y = backend.outputLike(x)
    addon.unary(leaky, backend.numbers(x), sizeOf(x.shape), alpha, offset, backend.numbers(y))
    return [y]
  })
  register<'dy' | 'x', { alpha: number }>('LeakyReluOffsetGrad', ({ dy, x }, { alpha }, backend) => {
    const dx = backend.outputLike(x)
    const slopes = backend.numbers(dy, backend.storage(x))
    addon.leakyReluGrad(slopes, backend.numbers(x), sizeOf(x.shape), alpha, backend.numbers(dx))
    return [dx]
  })
  register<'x'>('Mish', ({ x }, _attrs, backend) => {
    const y = backend.outputLike(x)
    addon.mish(backend.numbers(x), sizeOf(x.shape), backend.numbers(y))
    return [y]
  })
  register<'dy' | 'x'>('MishGrad', ({ dy, x }, _attrs, backend) => {
    const dx = backend.outputLike(x)
    const slopes = backend.numbers(dy, backend.storage(x))
    addon.mishGrad(slopes, backend.numbers(x), sizeOf(x.shape), backend.numbers(dx))
    return [dx]
  })
  register<'x'>('Swish', ({ x }, _attrs, backend) => {
    const y = backend.outputLike(x)
    addon.swish(backend.numbers(x), sizeOf(x.shape), backend.numbers(y))
    return [y]
  })
  register<'dy' | 'x'>('SwishGrad', ({ dy, x }, _attrs, backend) => {
    const dx = backend.outputLike(x)
    const slopes = backend.numbers(dy, backend.storage(x))
    addon.swishGrad(slopes, backend.numbers(x), sizeOf(x.shape), backend.numbers(dx))
    return [dx]
  })
  register<'x', { form: 'exact' | 'tanh' }>('Gelu', ({ x }, { form }, backend) => {
    const y = backend.output(x.shape)
    addon.gelu(backend.floats(x), sizeOf(x.shape), geluCode[form], backend.floats(y))
    return [y]
  })
  register<'dy' | 'x', { form: 'exact' | 'tanh' }>('GeluGrad', ({ dy, x }, { form }, backend) => {
    const dx = backend.output(x.shape)
    addon.geluGrad(backend.floats(dy), backend.floats(x), sizeOf(x.shape), geluCode[form], backend.floats(dx))
    return [dx]
  })
  register<'x', { rate: number; key: number }>('Dropout', ({ x }, { rate, key }, backend) => {
    const y = backend.output(x.shape)
    // hash ≥ rate·2³² for a whole hash is hash ≥ its ceiling; a ceiling of 2³² keeps nothing and does not fit 32 bits.
    const threshold = Math.ceil(rate * 2 ** 32)
    const none = threshold >= 2 ** 32
    const scale = none ? 0 : 1 / (1 - rate)
    addon.dropout(backend.floats(x), sizeOf(x.shape), key >>> 0, none ? 0 : threshold, scale, backend.floats(y))
    return [y]
  })
}

function registerOptimizers(addon: FusedAddon): void {
  register<string, Moving & { beta1: number; beta2: number; epsilon: number; step: number }>(
    'AdamWUpdate',
    (inputs, attrs, backend) => {
      const { learningRate, beta1, beta2, epsilon, step, weightDecays } = attrs
      const arrays: Float32Array[] = []
      const outputs: tf.TensorInfo[] = []
      for (let i = 0; i < weightDecays.length; i++) {
        const { shape } = inputs[`p${i}`]!
        const fresh = [backend.output(shape), backend.output(shape), backend.output(shape)]
        for (const name of ['p', 'm', 'v', 'g']) arrays.push(backend.floats(inputs[`${name}${i}`]!))
        for (const output of fresh) arrays.push(backend.floats(output))
        outputs.push(...fresh)
      }
      const keep = Float64Array.from(weightDecays, (decay) => 1 - learningRate * decay)
      const stepSize = learningRate / (1 - beta1 ** step)
      addon.adamw(arrays, keep, beta1, beta2, stepSize, 1 / Math.sqrt(1 - beta2 ** step), epsilon)
      return outputs
    },
  )
  register<string, Moving & { momentum: number; dampening: number; nesterov: boolean; step: number }>(
    'SgdUpdate',
    (inputs, attrs, backend) => {
      const { learningRate, momentum, dampening, nesterov, step, weightDecays } = attrs
      const arrays: Float32Array[] = []
      const outputs: tf.TensorInfo[] = []
      for (let i = 0; i < weightDecays.length; i++) {
        const { shape } = inputs[`p${i}`]!
        const fresh = [backend.output(shape), backend.output(shape)]
        for (const name of ['p', 'b', 'g']) arrays.push(backend.floats(inputs[`${name}${i}`]!))
        for (const output of fresh) arrays.push(backend.floats(output))
        outputs.push(...fresh)
      }
      const decays = Float64Array.from(weightDecays)
      addon.sgd(arrays, decays, learningRate, momentum, 1 - dampening, nesterov ? 1 : 0, step === 1 ? 1 : 0)
      return outputs
    },
  )
  register<string, Moving & { decay: number; momentum: number; epsilon: number }>(
    'RmspropUpdate',
    (inputs, attrs, backend) => {
      const { learningRate, decay, momentum, epsilon, weightDecays } = attrs
      const arrays: Float32Array[] = []
      const outputs: tf.TensorInfo[] = []
      for (let i = 0; i < weightDecays.length; i++) {
        const { shape } = inputs[`p${i}`]!
        const fresh = [backend.output(shape), backend.output(shape), backend.output(shape)]
        for (const name of ['p', 'm', 'v', 'g']) arrays.push(backend.floats(inputs[`${name}${i}`]!))
        for (const output of fresh) arrays.push(backend.floats(output))
        outputs.push(...fresh)
      }
      addon.rmsprop(arrays, Float64Array.from(weightDecays), learningRate, decay, momentum, epsilon)
      return outputs
    },
  )
  register<string, RangerAttrs>('RangerUpdate', (inputs, attrs, backend) => {
    const { learningRate, stepSize, rectified, beta1, beta2, epsilon, alpha, centralise, weightDecays } = attrs
    const arrays: Float32Array[] = []
    const outputs: tf.TensorInfo[] = []
    const channels = new Int32Array(weightDecays.length)
    for (let i = 0; i < weightDecays.length; i++) {
      const { shape } = inputs[`p${i}`]!
      const fresh = [backend.output(shape), backend.output(shape), backend.output(shape)]
      for (const name of ['p', 'm', 'v', 's', 'g']) arrays.push(backend.floats(inputs[`${name}${i}`]!))
      for (const output of fresh) arrays.push(backend.floats(output))
      outputs.push(...fresh)
      if (centralise && shape.length > 1) channels[i] = shape.at(-1)!
    }
    const keep = Float64Array.from(weightDecays, (decay) => 1 - learningRate * decay)
    addon.ranger(arrays, keep, channels, beta1, beta2, stepSize, epsilon, alpha, rectified ? 1 : 0)
    return outputs
  })
}
