import { optimizerContract, scheduleContract } from '@tricklab/testing'
import { optim } from '../src/index.ts'

optimizerContract({
  plugin: optim,
  name: 'adamw',
  options: [{}, { weightDecay: 0, beta1: 0 }, { decayNormAndBias: false }],
})
optimizerContract({ plugin: optim, name: 'adam', options: [{}, { decayNormAndBias: true, weightDecay: 0.1 }] })
optimizerContract({
  plugin: optim,
  name: 'sgd',
  options: [{}, { momentum: 0.9, nesterov: true, weightDecay: 0.1 }, { momentum: 0.9, dampening: 0.5 }],
})
optimizerContract({
  plugin: optim,
  name: 'rmsprop',
  options: [{}, { momentum: 0, weightDecay: 0.1, decayBias: true, decayNorm: true }],
})

scheduleContract({ plugin: optim, name: 'constant' })
scheduleContract({
  plugin: optim,
  name: 'exponential',
  options: [{}, { warmupEpochs: 0, staircase: false }, { decayRate: 1 }],
})
scheduleContract({ plugin: optim, name: 'one-cycle', options: [{}, { pctStart: 0.01 }, { cycleMomentum: false }] })
scheduleContract({ plugin: optim, name: 'fit-one-cycle', options: [{}, { pctStart: 0.99, div: 5 }, { momenta: [] }] })
scheduleContract({
  plugin: optim,
  name: 'flat-cosine',
  options: [{}, { pctStart: 0 }, { pctStart: 0.72, toZero: true, wholeSteps: true, momenta: [0.95, 0.85] }],
})
