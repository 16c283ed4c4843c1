import { localEngines } from '@tricklab/engine/local-engines'
import { activationContract } from '@tricklab/testing'
import mish from '../src/index.ts'

activationContract({
  plugin: mish,
  name: 'mish',
  engines: localEngines,
  reference: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  tolerance: 1e-6,
})
