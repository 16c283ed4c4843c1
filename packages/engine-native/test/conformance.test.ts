import { expect, test } from 'vitest'
import { hasNativePrecision } from '../src/index.ts'
import { nativeIsThere } from './compare.ts'
import { beyondBf16, exclusions } from './conformance/exclusions.ts'
import { runConformance } from './conformance/run.ts'

test("TF.js's own suite passes", async () => {
  const { passed, failed } = await runConformance()
  expect(failed).toEqual([])
  // A filter that lets nothing through, or a bundler that drops the specs, would pass otherwise.
  expect(passed).toBeGreaterThan(4000)
}, 300_000)

test.runIf(nativeIsThere() && hasNativePrecision('bf16'))(
  'it passes on tensors stored as bf16, but for results that need more digits',
  async () => {
    const { passed, failed } = await runConformance('.', { storage: 'bf16' })
    expect(failed.map(({ name }) => name)).toEqual(beyondBf16)
    expect(passed).toBeGreaterThan(4000)
  },
  300_000,
)

test('every exclusion is needed', async () => {
  for (const { contains } of exclusions) {
    const escaped = contains.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const { failed } = await runConformance(escaped, { all: true })
    expect(failed, contains).toHaveLength(1)
  }
}, 300_000)
