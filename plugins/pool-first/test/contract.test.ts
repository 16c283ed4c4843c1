import { localEngines } from '@tricklab/engine/local-engines'
import { blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import poolFirst from '../src/index.ts'

blockContract({
  plugin: poolFirst,
  name: 'pool-first',
  engines: localEngines,
  // Behind the γ that starts at 0: two convolutions.
  zeroGradient: ['conv', 'norm1'],
})
blockContract({
  plugin: poolFirst,
  name: 'pool-first',
  engines: localEngines,
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
