import { readFileSync } from 'node:fs'
import { createRng } from '@tricklab/core'
import { operationAt, operationNames } from '@tricklab/data/operations'
import { expect, test } from 'vitest'
import { drawSteps, levels, type Steps, strengthsOf } from '../src/draw-steps.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/strengths.json', import.meta.url), 'utf8')) as {
  [operation: string]: number[] | null
}
const input = { width: 64, height: 48 }

// torchvision's names are in the order of ours; its factors are told as differences from 1.
const cases = Object.entries(golden).map(([, amounts], index) => [operationNames[index]!, amounts] as const)

test.each(cases)('%s has the amounts of torchvision at every level', (name, amounts) => {
  if (name === 'identity') return expect(amounts).toBeNull()
  const found = Array.from({ length: levels }, (_, level) =>
    operationAt(name, strengthsOf(input), { level, levels }, 1),
  )
  const isFactor = ['brightness', 'colour', 'contrast', 'sharpness'].includes(name)
  const isMove = name.startsWith('translate')
  const wanted = amounts?.map((amount) => (isFactor ? 1 + amount : isMove ? Math.trunc(amount) : amount))
  expect(found.map(({ amount }) => amount)).toEqual(wanted ?? Array(levels).fill(undefined))
})

const standard: Steps = { operations: 2, magnitude: 9, deviation: 0, chance: 1, interpolation: 'nearest' }
const draw = (count: number, given: Partial<Steps>) => {
  const stream = createRng(1).at('a')
  return Array.from({ length: count }, () => drawSteps(stream, input, { ...standard, ...given }))
}

test('without a deviation every turn is that of the magnitude, to either side', () => {
  const turns = draw(2000, {}).flatMap((steps) => steps.filter(({ name }) => name === 'rotate'))
  expect(new Set(turns.map(({ amount }) => amount))).toEqual(new Set([9, -9]))
})

test('with a deviation the strength varies within its bounds', () => {
  const turns = draw(4000, { magnitude: 18, deviation: 1.5 }).flatMap((steps) =>
    steps.flatMap(({ name, amount }) => (name === 'rotate' ? [Math.abs(amount!)] : [])),
  )
  const mean = turns.reduce((sum, turn) => sum + turn, 0) / turns.length
  // A degree a level: mean 18 and deviation 1.5 of some 570 turns, so that of their mean is 0.063.
  expect(Math.abs(mean - 18)).toBeLessThan(0.32)
  const extreme = draw(300, { magnitude: 30, deviation: 50 }).flat()
  for (const { name, amount } of extreme) if (name === 'rotate') expect(Math.abs(amount!)).toBeLessThanOrEqual(30)
})

test('the chance leaves operations out and shifts no other draw', () => {
  const [all, half] = [draw(3000, {}), draw(3000, { chance: 0.5 })]
  const count = (steps: typeof all) => steps.reduce((sum, { length }) => sum + length, 0)
  // Of some 5571 operations; a deviation is 0.0067.
  expect(Math.abs(count(half) / count(all) - 0.5)).toBeLessThan(0.034)
  for (const [index, steps] of half.entries()) for (const step of steps) expect(all[index]).toContainEqual(step)
})
