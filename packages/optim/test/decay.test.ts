import type { NamedParam } from '@tricklab/core'
import { expect, test } from 'vitest'
import { decayOf } from '../src/decay.ts'

const roles = ['weight', 'bias', 'norm', 'scale', 'token', 'buffer'] as const

/** The roles that are decayed. */
const decayed = (choice: Parameters<typeof decayOf>[1]) =>
  roles.filter((role) => decayOf({ path: 'p', role, value: null as never } satisfies NamedParam, choice) !== 0)

// As timm, which leaves out what has one axis or none and what a model names: layer scales, class tokens, positions.
test('what is no weight is decayed where the recipe says so: all of it, or biases and the others apart', () => {
  const weightDecay = 0.1
  expect(decayed({ weightDecay, decayNormAndBias: true })).toEqual(['weight', 'bias', 'norm', 'scale', 'token'])
  expect(decayed({ weightDecay, decayNormAndBias: false })).toEqual(['weight'])
  expect(decayed({ weightDecay, decayNorm: true, decayBias: false })).toEqual(['weight', 'norm', 'scale', 'token'])
  expect(decayed({ weightDecay, decayNorm: false, decayBias: true })).toEqual(['weight', 'bias'])
})
