import { expect, test } from 'vitest'
import golden from './golden/entropies.json' with { type: 'json' }
import { meanEntropy } from './target-entropy.ts'

// SciPy's quadrature, checked there by simulation: golden/make_entropies.py.
test.each(golden)('of $outputs outputs, epsilon $epsilon, alpha $alpha, same $same', ({ entropy, ...softening }) => {
  expect(Math.abs(meanEntropy(softening) - entropy)).toBeLessThan(2e-5)
})

test('is the entropy of smoothed one-hot targets without mixup, and in mixing with the same class', () => {
  // As the README of label-smoothing has it.
  expect(meanEntropy({ outputs: 10, epsilon: 0.1, alpha: 0, same: 0 })).toBeCloseTo(0.50029, 5)
  expect(meanEntropy({ outputs: 10, epsilon: 0.1, alpha: 0.5, same: 1 })).toBeCloseTo(0.50029, 5)
  expect(meanEntropy({ outputs: 10, epsilon: 0, alpha: 0, same: 0 })).toBe(0)
})
