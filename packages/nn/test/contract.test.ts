import {
  activationContract,
  type BlockShape,
  blockContract,
  lossContract,
  metricContract,
  modelContract,
  reference,
} from '@tricklab/testing'
import fc from 'fast-check'
import { nn } from '../src/index.ts'

const variants = [{}, { norm: false }, { slope: 0, offset: 0 }]

blockContract({ plugin: nn, name: 'conv', options: variants })
blockContract({ plugin: nn, name: 'residual-conv', options: variants })
blockContract({ plugin: nn, name: 'double-conv', options: variants })

blockContract({ plugin: nn, name: 'conv2d', options: [{}, { bias: true }] })
blockContract({ plugin: nn, name: 'linear-head' })
blockContract({
  plugin: nn,
  name: 'xresnet-block',
  // Behind the γ that starts at 0: two convolutions.
  zeroGradient: ['conv', 'norm1'],
})
blockContract({
  plugin: nn,
  name: 'xresnet-block',
  contexts: fc.record({
    inputChannels: fc.integer({ min: 1, max: 5 }),
    outputChannels: fc.constantFrom(2, 4),
    stride: fc.constantFrom(1, 2),
    kernelSize: fc.constantFrom(1, 3, 5),
    activate: fc.boolean(),
    offers: fc.record({ expansion: fc.constant(2) }),
  }),
  examples: [
    { inputChannels: 4, outputChannels: 4, stride: 1, kernelSize: 3, activate: true, offers: { expansion: 2 } },
    { inputChannels: 3, outputChannels: 4, stride: 2, kernelSize: 3, activate: false, offers: { expansion: 4 } },
  ],
  // The same of a bottleneck: three convolutions.
  zeroGradient: ['conv', 'norm1', 'norm2'],
})

blockContract({
  plugin: nn,
  name: 'resnext-branch',
  options: [{ groups: 2, baseWidth: 64 }],
  contexts: fc.record({
    inputChannels: fc.constantFrom(2, 4),
    outputChannels: fc.constantFrom(2, 4),
    stride: fc.constantFrom(1, 2),
    kernelSize: fc.constantFrom(1, 3),
    activate: fc.boolean(),
    offers: fc.record({ expansion: fc.constantFrom(1, 2) }),
  }),
  examples: [
    { inputChannels: 4, outputChannels: 2, stride: 1, kernelSize: 3, activate: true },
    { inputChannels: 3, outputChannels: 4, stride: 2, kernelSize: 3, activate: false, offers: { expansion: 2 } },
  ],
  // Behind the γ that starts at 0.
  zeroGradient: ['conv', 'norm1', 'norm2'],
})

/** Blocks that keep channels: what else a slot may ask is tried at random. */
const kept = (strides: readonly number[], sizes: readonly number[]) => ({
  contexts: fc
    .record({
      channels: fc.integer({ min: 1, max: 5 }),
      stride: fc.constantFrom(...strides),
      kernelSize: fc.constantFrom(...sizes),
      activate: fc.boolean(),
    })
    .map(({ channels, ...rest }): BlockShape => ({ inputChannels: channels, outputChannels: channels, ...rest })),
  examples: [true, false].map((activate): BlockShape => {
    return { inputChannels: 3, outputChannels: 3, stride: strides[0]!, kernelSize: sizes[0]!, activate }
  }),
})

blockContract({ plugin: nn, name: 'batch-norm', ...kept([1], [1]), options: [{}, { epsilon: 0.1, momentum: 1 }] })
blockContract({ plugin: nn, name: 'layer-norm', ...kept([1], [1]), options: [{}, { epsilon: 0.1 }] })
blockContract({ plugin: nn, name: 'group-norm', ...kept([1], [1]), options: [{ groups: 1 }] })
blockContract({ plugin: nn, name: 'max-pool', ...kept([2, 1], [2, 3, 5]) })
blockContract({ plugin: nn, name: 'average-pool', ...kept([2], [2, 3]) })

activationContract({ plugin: nn, name: 'relu', reference: (x) => Math.max(x, 0) })
activationContract({ plugin: nn, name: 'identity', reference: (x) => x })
activationContract({
  plugin: nn,
  name: 'leaky-relu',
  options: [{ slope: 0.2 }],
  reference: (x) => (x > 0 ? x : Math.fround(0.2) * x),
})

/** The normal distribution, by the series of its integral; far out it is 0 or 1. */
function normalShare(x: number): number {
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0
  let [term, sum] = [x, x]
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}
activationContract({ plugin: nn, name: 'gelu', reference: (x) => x * normalShare(x), tolerance: 2e-5 })
activationContract({
  plugin: nn,
  name: 'gelu',
  options: [{ form: 'tanh' }],
  reference: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
})
const hardGate = (x: number) => Math.min(Math.max(x + 3, 0), 6) / 6
activationContract({ plugin: nn, name: 'hard-sigmoid', reference: hardGate })
activationContract({ plugin: nn, name: 'hard-swish', reference: (x) => x * hardGate(x) })

modelContract({
  plugin: nn,
  name: 'xresnet50',
  imageShape: [16, 16, 3],
  options: [{ layers: [1, 1], widths: [2, 3], stemWidths: [3, 4], expansion: 2, outputs: 7 }],
  // Behind the γ of each block that starts at 0.
  zeroGradient: ['stage1/block1', 'stage2/block1'].flatMap((block) =>
    ['conv1', 'conv2', 'conv3', 'norm1', 'norm2'].map((part) => `${block}/${part}`),
  ),
})

modelContract({ plugin: nn, name: 'slowai-cnn', options: [{ widths: [3, 4, 5] }] })
modelContract({
  plugin: nn,
  name: 'slowai-deeper-cnn',
  options: [{ widths: [3, 4, 5, 6] }],
  slots: { block: { use: 'residual-conv' } },
})

const tooLarge = 'eleven million parameters: the checks that train it often are left to the smaller models'

modelContract({
  plugin: nn,
  name: 'resnet18',
  imageShape: [32, 32, 1],
  engines: ['wasm'],
  skip: {
    'the same key gives the same bytes': tooLarge,
    'another key gives another initialisation': tooLarge,
    'all state is in the parameters, so a resumed training goes on with the same bits': tooLarge,
    'evaluation draws nothing and changes nothing': tooLarge,
    'inputs are left as they were': tooLarge,
    'outputs are finite': tooLarge,
    'batches of 1 and of odd sizes work': tooLarge,
    'every trainable parameter has a finite gradient that is not zero': tooLarge,
  },
})

lossContract({
  plugin: nn,
  name: 'cross-entropy',
  reference: (scores, targets) => reference.softmaxCrossEntropy(scores, targets),
})

const highest = (row: readonly number[]) => row.indexOf(Math.max(...row))

metricContract({
  plugin: nn,
  name: 'top-k-accuracy',
  options: [{}, { k: 1 }, { k: 2 }],
  classes: 7,
  reference(scores, targets, { k }) {
    const right = scores.filter((row, index) => {
      const own = row[highest(targets[index]!)]!
      return row.filter((score) => score > own).length < (k as number)
    })
    return right.length / scores.length
  },
})

metricContract({
  plugin: nn,
  name: 'accuracy',
  options: [{}, { average: 'macro' }],
  reference(scores, targets, { average }) {
    const pairs = scores.map((row, index) => ({ guess: highest(row), label: highest(targets[index]!) }))
    const share = (of: typeof pairs) => of.filter(({ guess, label }) => guess === label).length / of.length
    if (average === 'micro') return share(pairs)
    const seen = [...new Set(pairs.flatMap(({ guess, label }) => [guess, label]))]
    const recalls = seen
      .map((k) => pairs.filter(({ label }) => label === k))
      .map((of) => (of.length === 0 ? 0 : share(of)))
    return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length
  },
})
