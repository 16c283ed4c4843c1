import { type Block, createRng } from '@tricklab/core'
import type { ParamTree } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test, vi } from 'vitest'
import { createBatchNorm, createConv2d, createCrossEntropy, fusedRelu, sequential } from '../src/index.ts'
import { chirp, contextOf, createBlock, differentiate } from './helpers.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Kernels that an engine with all fused kernels would run: what a composed one consists of does not count. */
function recordKernels(run: () => void): string[] {
  const names: string[] = []
  const engine = tf.engine()
  const runKernel = engine.runKernel.bind(engine)
  let depth = 0
  const spy = vi.spyOn(engine, 'runKernel').mockImplementation((name, inputs, attrs) => {
    // Tensors kept for the gradient are cloned from within the kernel's own call.
    if (depth === 0 || (depth === 1 && name === 'Identity')) names.push(name)
    depth++
    try {
      return runKernel(name, inputs, attrs) as never
    } finally {
      depth--
    }
  })
  run()
  spy.mockRestore()
  return names
}

/** Kernels of a block, forward and backward, input gradient included; without those of the sum that makes a scalar. */
function kernelsOf(block: Block): string[] {
  const x = tf.tidy(() => tf.variable(chirp<tf.Rank.R4>([2, 4, 4, 2], 0)))
  const record = (params: ParamTree, compute: (images: tf.Tensor4D) => tf.Tensor4D) =>
    recordKernels(() =>
      differentiate({ ...params, x: { role: 'weight', value: x } }, () => tf.sum(compute(x as tf.Tensor4D))),
    )
  const kernels = record(block.params, (images) => block.apply(images, contextOf(true)))
  for (const name of record({}, (images) => images)) kernels.splice(kernels.indexOf(name), 1)
  tf.dispose([x])
  block.dispose()
  return kernels.toSorted()
}

test('convolution, batch norm and ReLU run twelve kernels, forward and backward', () => {
  const block = sequential({
    conv: createConv2d({
      inputChannels: 2,
      outputChannels: 3,
      kernelSize: 3,
      stride: 1,
      bias: false,
      init: createRng(1),
    }),
    norm: createBatchNorm({ channels: 3, activation: fusedRelu }),
  })
  expect(kernelsOf(block)).toEqual([
    ...['BatchNormRunning', 'BatchNormTrain', 'BatchNormTrainGrad'],
    ...['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'],
    // Kept for the gradients: two tensors of the convolution, four of the norm. They share memory.
    ...Array(6).fill('Identity'),
  ])
})

test.each([
  ['conv', 15],
  ['double-conv', 30],
  ['residual-conv', 52],
])('block %s runs %i kernels, forward and backward', (name, count) => {
  expect(kernelsOf(createBlock(name, { stride: 2 }))).toHaveLength(count)
})

test('a bottleneck runs three kernels forward for each convolution, and one at its end', () => {
  const block = createBlock('xresnet-block', { inputChannels: 2, outputChannels: 2, offers: { expansion: 2 } })
  const names = kernelsOf(block).filter((name) => name !== 'Identity')
  expect(names).toEqual([
    // The gradients of branch and shortcut, added up.
    'Add',
    'AddRelu',
    ...Array(3).fill('BatchNormRunning'),
    ...Array(3).fill('BatchNormTrain'),
    ...Array(3).fill('BatchNormTrainGrad'),
    ...Array(3).fill('Conv2D'),
    ...Array(3).fill('Conv2DBackpropFilter'),
    ...Array(3).fill('Conv2DBackpropInput'),
    'ReluGrad',
  ])
})

test('cross-entropy runs nine kernels, forward and backward', () => {
  const logits = tf.tidy(() => tf.variable(chirp<tf.Rank.R2>([4, 3], 0)))
  const targets = tf.tidy(() => tf.cast(tf.oneHot([0, 1, 2, 0], 3), 'float32')) as tf.Tensor2D
  const names = recordKernels(() =>
    differentiate({ logits: { role: 'weight', value: logits } }, () =>
      createCrossEntropy().apply(logits as tf.Tensor2D, targets),
    ),
  )
  expect(names).toHaveLength(9)
  tf.dispose([logits, targets])
})
