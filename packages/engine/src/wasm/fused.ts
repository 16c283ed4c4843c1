/** Fused training kernels on WebAssembly, by the names that the packages which own the operations give them. */
import * as tf from '@tricklab/core/tf'
import type { KernelModule } from './module.ts'
import { replaceKernel } from './register.ts'

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
  module: KernelModule,
) => tf.TensorInfo[] | undefined

function register<Inputs extends string, Attrs = object>(name: string, run: Run<Inputs, Attrs>): void {
  replaceKernel<Attrs>(name, ({ inputs, attrs, module, stock }) => {
    const outputs = run(inputs as Record<Inputs, tf.TensorInfo>, attrs, module)
    if (outputs === undefined) return stock()
    return outputs.length === 1 ? outputs[0]! : outputs
  })
}

const sizeOf = (tensor: tf.TensorInfo) => tf.util.sizeFromShape(tensor.shape)

/** `[rows, channels]` of a tensor whose last axis is the channels. */
function rowsAndChannels(x: tf.TensorInfo): [rows: number, channels: number] {
  const channels = x.shape.at(-1) ?? 1
  return [sizeOf(x) / channels, channels]
}

/** As kernels/norm.ts counts them. */
const activationCode: ReadonlyMap<string, number> = new Map([
  ['linear', 0],
  ['relu', 1],
  ['mish', 2],
])

/** Registers every kernel of this topic; blur pooling has a file of its own. */
export function registerFused(): void {
  registerBatchNorm()
  registerElementwise()
  registerOptimizers()
  register<'logits' | 'targets'>('SoftmaxCrossEntropy', ({ logits, targets }, _attrs, module) => {
    const [rows, classes] = rowsAndChannels(logits)
    const losses = module.output([rows])
    const residual = module.output(logits.shape)
    module.kernels.softmaxCrossEntropy(
      module.address(logits),
      module.address(targets),
      rows,
      classes,
      module.address(losses),
      module.address(residual),
    )
    return [losses, residual]
  })
}

function registerBatchNorm(): void {
  register<'x' | 'gamma' | 'beta', BatchNormAttrs>(
    'BatchNormTrain',
    ({ x, gamma, beta }, { epsilon, activation }, module) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x)
      const y = module.output(x.shape)
      const stats = module.output([2, channels])
      const { kernels } = module
      const mean = module.address(stats)
      module.workspace(channels * 20, (workspace) => {
        kernels.batchMoments(module.address(x), rows, channels, mean, workspace)
        kernels.batchNormScale(module.address(gamma), mean + channels * 4, channels, epsilon, workspace)
        kernels.normalize(
          module.address(x),
          rows,
          channels,
          mean,
          workspace,
          module.address(beta),
          code,
          module.address(y),
        )
      })
      return [y, stats]
    },
  )

  register<'dy' | 'x' | 'gamma' | 'beta' | 'stats', BatchNormAttrs>(
    'BatchNormTrainGrad',
    ({ dy, x, gamma, beta, stats }, { epsilon, activation }, module) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x)
      const dx = module.output(x.shape)
      const dgamma = module.output([channels])
      const dbeta = module.output([channels])
      module.workspace(channels * 28, (workspace) => {
        module.kernels.batchNormGrad(
          module.address(dy),
          module.address(x),
          rows,
          channels,
          module.address(gamma),
          module.address(beta),
          module.address(stats),
          epsilon,
          code,
          module.address(dx),
          module.address(dgamma),
          module.address(dbeta),
          workspace,
        )
      })
      return [dx, dgamma, dbeta]
    },
  )

  register<'x' | 'gamma' | 'beta' | 'mean' | 'variance', BatchNormAttrs>(
    'BatchNormEval',
    ({ x, gamma, beta, mean, variance }, { epsilon, activation }, module) => {
      const code = activationCode.get(activation.name)
      if (code === undefined) return undefined
      const [rows, channels] = rowsAndChannels(x)
      const y = module.output(x.shape)
      module.workspace(channels * 4, (scale) => {
        module.kernels.batchNormScale(module.address(gamma), module.address(variance), channels, epsilon, scale)
        module.kernels.normalize(
          module.address(x),
          rows,
          channels,
          module.address(mean),
          scale,
          module.address(beta),
          code,
          module.address(y),
        )
      })
      return [y]
    },
  )
}

function registerElementwise(): void {
  register<'x', { alpha: number; offset: number }>('LeakyReluOffset', ({ x }, { alpha, offset }, module) => {
    const y = module.output(x.shape)
    module.kernels.leakyReluOffset(module.address(x), sizeOf(x), alpha, offset, module.address(y))
    return [y]
  })
  register<'dy' | 'x', { alpha: number }>('LeakyReluOffsetGrad', ({ dy, x }, { alpha }, module) => {
    const dx = module.output(x.shape)
    module.kernels.leakyReluOffsetGrad(module.address(dy), module.address(x), sizeOf(x), alpha, module.address(dx))
    return [dx]
  })
  register<'dy' | 'y'>('ReluGrad', ({ dy, y }, _attrs, module) => {
    const dx = module.output(y.shape)
    module.kernels.reluGrad(module.address(dy), module.address(y), sizeOf(y), module.address(dx))
    return [dx]
  })
  register<'a' | 'b'>('AddRelu', ({ a, b }, _attrs, module) => {
    const y = module.output(a.shape)
    module.kernels.addRelu(module.address(a), module.address(b), sizeOf(a), module.address(y))
    return [y]
  })
  register<'x'>('Mish', ({ x }, _attrs, module) => {
    const y = module.output(x.shape)
    module.kernels.mish(module.address(x), sizeOf(x), module.address(y))
    return [y]
  })
  register<'dy' | 'x'>('MishGrad', ({ dy, x }, _attrs, module) => {
    const dx = module.output(x.shape)
    module.kernels.mishGrad(module.address(dy), module.address(x), sizeOf(x), module.address(dx))
    return [dx]
  })
  register<'x', { form: 'exact' | 'tanh' }>('Gelu', ({ x }, { form }, module) => {
    const y = module.output(x.shape)
    module.kernels.gelu(module.address(x), sizeOf(x), Number(form === 'tanh'), module.address(y))
    return [y]
  })
  register<'dy' | 'x', { form: 'exact' | 'tanh' }>('GeluGrad', ({ dy, x }, { form }, module) => {
    const dx = module.output(x.shape)
    const tanh = Number(form === 'tanh')
    module.kernels.geluGrad(module.address(dy), module.address(x), sizeOf(x), tanh, module.address(dx))
    return [dx]
  })
  register<'x', { rate: number; key: number }>('Dropout', ({ x }, { rate, key }, module) => {
    const y = module.output(x.shape)
    // hash ≥ rate·2³² for a whole hash is hash ≥ its ceiling; a ceiling of 2³² keeps nothing and does not fit 32 bits.
    const threshold = Math.ceil(rate * 2 ** 32)
    const none = threshold >= 2 ** 32
    const scale = none ? 0 : 1 / (1 - rate)
    module.kernels.dropout(module.address(x), sizeOf(x), key | 0, none ? 0 : threshold | 0, scale, module.address(y))
    return [y]
  })
}

function registerOptimizers(): void {
  register<string, Moving & { beta1: number; beta2: number; epsilon: number; step: number }>(
    'AdamWUpdate',
    (inputs, attrs, module) => {
      const { learningRate, beta1, beta2, epsilon, step, weightDecays } = attrs
      const stepSize = learningRate / (1 - beta1 ** step)
      const rootScale = 1 / Math.sqrt(1 - beta2 ** step)
      return weightDecays.flatMap((decay, i) => {
        const p = inputs[`p${i}`]!
        const outputs = [module.output(p.shape), module.output(p.shape), module.output(p.shape)]
        module.kernels.adamw(
          ...['p', 'm', 'v', 'g'].map((name) => module.address(inputs[`${name}${i}`]!)),
          sizeOf(p),
          1 - learningRate * decay,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          stepSize,
          rootScale,
          epsilon,
          ...outputs.map((output) => module.address(output)),
        )
        return outputs
      })
    },
  )
  register<string, Moving & { momentum: number; dampening: number; nesterov: boolean; step: number }>(
    'SgdUpdate',
    (inputs, attrs, module) => {
      const { learningRate, momentum, dampening, nesterov, step, weightDecays } = attrs
      return weightDecays.flatMap((decay, i) => {
        const p = inputs[`p${i}`]!
        const outputs = [module.output(p.shape), module.output(p.shape)]
        module.kernels.sgd(
          ...['p', 'b', 'g'].map((name) => module.address(inputs[`${name}${i}`]!)),
          sizeOf(p),
          learningRate,
          decay,
          momentum,
          1 - dampening,
          nesterov ? 1 : 0,
          step === 1 ? 1 : 0,
          ...outputs.map((output) => module.address(output)),
        )
        return outputs
      })
    },
  )
  register<string, RangerAttrs>('RangerUpdate', (inputs, attrs, module) => {
    const { learningRate, stepSize, rectified, beta1, beta2, epsilon, alpha, centralise, weightDecays } = attrs
    return weightDecays.flatMap((decay, i) => {
      const p = inputs[`p${i}`]!
      const g = inputs[`g${i}`]!
      const outputs = [module.output(p.shape), module.output(p.shape), module.output(p.shape)]
      const centred = centralise && p.shape.length > 1 && sizeOf(p) > 0
      const [rows, channels] = centred ? rowsAndChannels(p) : [1, sizeOf(p)]
      module.workspace(centred ? channels * 4 : 0, (workspace) => {
        if (centred) module.kernels.columnMeans(module.address(g), rows, channels, workspace)
        module.kernels.ranger(
          ...['p', 'm', 'v', 's', 'g'].map((name) => module.address(inputs[`${name}${i}`]!)),
          rows,
          channels,
          centred ? workspace : 0,
          1 - learningRate * decay,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          stepSize,
          epsilon,
          alpha,
          rectified ? 1 : 0,
          ...outputs.map((output) => module.address(output)),
        )
      })
      return outputs
    })
  })
}
