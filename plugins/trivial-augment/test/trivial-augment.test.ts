import { readFileSync } from 'node:fs'
import { createRegistry, createRng } from '@tricklab/core'
import type { ImageOperation } from '@tricklab/core/contracts'
import { operationAt, operationNames } from '@tricklab/data/operations'
import { expect, test } from 'vitest'
import trivialAugment from '../src/index.ts'
import { levels, strengths } from '../src/strengths.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/strengths.json', import.meta.url), 'utf8')) as {
  [operation: string]: number[] | null
}

// torchvision's names are in the order of ours; its factors are told as differences from 1.
const cases = Object.entries(golden).map(([, amounts], index) => [operationNames[index]!, amounts] as const)

test.each(cases)('%s has the amounts of torchvision at every level', (name, amounts) => {
  if (name === 'identity') return expect(amounts).toBeNull()
  const found = (sign: 1 | -1) =>
    Array.from({ length: levels }, (_, level) => operationAt(name, strengths, { level, levels }, sign).amount)
  const isFactor = ['brightness', 'colour', 'contrast', 'sharpness'].includes(name)
  const isMove = name.startsWith('translate')
  const wanted = (sign: 1 | -1) =>
    amounts?.map((amount) => (isFactor ? 1 + sign * amount : isMove ? Math.trunc(sign * amount) : sign * amount))
  const unsigned = name === 'posterize' || name === 'solarize'
  expect(found(1)).toEqual(wanted(1) ?? Array(levels).fill(undefined))
  expect(found(-1)).toEqual((unsigned ? amounts : wanted(-1)) ?? Array(levels).fill(undefined))
})

test('every image gets one operation, each as often as any other, at all levels and in both directions', () => {
  const registry = createRegistry([trivialAugment])
  const { use } = registry.normalize('augmentation', 'trivial-augment', 'test')
  const count = 14_000
  const plan = registry.create('augmentation', use, {}).plan!(createRng(1).at('a'), count, { width: 8, height: 8 })
  const steps = plan.map(({ operations }) => operations!)
  expect(steps.every(({ length }) => length <= 1)).toBe(true)
  const share = (is: (step: ImageOperation | undefined) => boolean) => steps.filter(([step]) => is(step)).length / count
  // 1 of 14; a deviation is 0.0022.
  for (const name of operationNames) {
    expect(Math.abs(share((step) => (step?.name ?? 'identity') === name) - 1 / 14)).toBeLessThan(0.011)
  }
  const turns = steps.flatMap(([step]) => (step?.name === 'rotate' ? [step.amount!] : []))
  expect(new Set(turns.map(Math.abs)).size).toBe(levels)
  // Half of some 1000; a deviation is 0.016. Level 0 has no direction.
  expect(Math.abs(turns.filter((turn) => turn < 0).length / turns.length - 15 / 31)).toBeLessThan(0.08)
})
