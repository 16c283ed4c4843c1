import { blockContract, lossContract, metricContract, modelContract, reference } from '@tricklab/testing'
import { nn } from '../src/index.ts'

const variants = [{}, { norm: false }, { slope: 0, offset: 0 }]

blockContract({ plugin: nn, name: 'conv', options: variants })
blockContract({ plugin: nn, name: 'residual-conv', options: variants })
blockContract({ plugin: nn, name: 'double-conv', options: variants })

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
