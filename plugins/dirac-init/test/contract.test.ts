import { type BlockShape, blockContract } from '@tricklab/testing'
import diracInit from '../src/index.ts'

// More channels out than in: where all of them start as the identity, no key gives another start.
const widened = (outputChannels: number, stride: number): BlockShape => ({
  ...{ inputChannels: 3, outputChannels, stride, kernelSize: 3, activate: false },
})

blockContract({ plugin: diracInit, name: 'dirac-init', examples: [widened(4, 2), widened(7, 1)], runs: 20 })
