import { activationContract } from '@tricklab/testing'
import mish from '../src/index.ts'

activationContract({
  plugin: mish,
  name: 'mish',
  reference: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  tolerance: 1e-6,
})
