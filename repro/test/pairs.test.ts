import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { compareSides } from '../src/comparison/compare.ts'
import { readSide } from '../src/comparison/side.ts'

const control = (name: string) => path.join(import.meta.dirname, '../../controls/results', name)

/** The claim of `imagewoof-equivalence`: a difference of a percentage point between the two would have been seen. */
test('from our weights and on our batches, PyTorch ends within a percentage point of us', async () => {
  const ours = await readSide('imagewoof-equivalence/64-f32')
  const theirs = await readSide(control('imagewoof-64-f32-paired.jsonl'))
  const found = compareSides(ours, theirs, { margin: 0.01, paired: true })
  expect(found.sides[0].seeds.length).toBeGreaterThanOrEqual(3)
  expect(found.outcome).toBe('equivalent')
  expect(found.interval!.low).toBeGreaterThan(-0.01)
  expect(found.interval!.high).toBeLessThan(0.01)
  expect(found.caveats).toEqual([])

  // What the page on proofs says of it.
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/41-prove-a-recipe.md'), 'utf8')
  const points = (share: number) => (100 * share).toFixed(2).replace('-', '−')
  expect(page).toContain(`Tricklab − PyTorch is ${points(found.difference)} percentage points`)
  expect(page).toMatch(new RegExp(`from ${points(found.interval!.low)} to \\+?${points(found.interval!.high)}:`))
  expect(page).toContain(`(p = ${found.equivalence!.p.toFixed(3)})`)
})
