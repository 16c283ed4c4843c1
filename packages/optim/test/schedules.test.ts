import { readFileSync } from 'node:fs'
import { createRegistry, type Schedule } from '@tricklab/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { optim } from '../src/index.ts'

interface Case {
  totalSteps: number
  learningRate: number
  options: Record<string, number>
  rows: [learningRate: number, momentum: number][]
}

const golden = JSON.parse(readFileSync(new URL('./golden/one-cycle.json', import.meta.url), 'utf8')) as {
  cases: Case[]
}

const registry = createRegistry([optim])

function create(name: string, context: { learningRate: number; totalSteps: number }, options: object = {}): Schedule {
  const { use, problems } = registry.normalize('schedule', { use: name, ...options }, 'test')
  expect(problems).toEqual([])
  return registry.create('schedule', use, { stepsPerEpoch: 1, ...context })
}

/** `pct_start` → `pctStart`. */
function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

describe('one-cycle', () => {
  test.each(golden.cases)("is PyTorch's OneCycleLR at each of $totalSteps steps", (golden) => {
    const options = Object.fromEntries(Object.entries(golden.options).map(([name, value]) => [camelCase(name), value]))
    const schedule = create('one-cycle', golden, options)
    for (const [step, [learningRate, momentum]] of golden.rows.entries()) {
      const hyper = schedule.at(step)
      expect(Math.abs(hyper.learningRate / learningRate - 1), `learning rate, step ${step}`).toBeLessThan(1e-12)
      expect(Math.abs(hyper.momentum! / momentum - 1), `momentum, step ${step}`).toBeLessThan(1e-12)
    }
  })

  test('has the documented ends: 4e-4, 1e-2, 4e-8 over 354 steps', () => {
    const schedule = create('one-cycle', { learningRate: 1e-2, totalSteps: 354 })
    expect(schedule.at(0).learningRate).toBeCloseTo(4e-4, 12)
    expect(schedule.at(353).learningRate).toBeCloseTo(4e-8, 15)
    // The peak lies at step 105.2, between two steps.
    const highest = Math.max(...Array.from({ length: 354 }, (_, step) => schedule.at(step).learningRate))
    expect(highest).toBeLessThan(1e-2)
    expect(highest).toBeGreaterThan(0.9999e-2)
  })

  test('stays between its ends for any number of steps, momentum against the rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (totalSteps, pctStart) => {
          const schedule = create('one-cycle', { learningRate: 1, totalSteps }, { pctStart })
          const steps = Array.from({ length: totalSteps }, (_, step) => schedule.at(step))
          for (const { learningRate, momentum } of steps) {
            expect(learningRate).toBeGreaterThanOrEqual(4e-6 * (1 - 1e-9))
            expect(learningRate).toBeLessThanOrEqual(1)
            expect(momentum).toBeGreaterThanOrEqual(0.85)
            expect(momentum).toBeLessThanOrEqual(0.95 + 1e-12)
          }
          for (let step = 1; step < totalSteps; step++) {
            const rises = steps[step]!.learningRate - steps[step - 1]!.learningRate
            const gains = steps[step]!.momentum! - steps[step - 1]!.momentum!
            if (step <= pctStart * totalSteps - 1 || step - 1 > pctStart * totalSteps - 1) {
              expect(rises * gains).toBeLessThanOrEqual(0)
            }
          }
        },
      ),
    )
  })

  test('leaves momentum alone when asked to', () => {
    const schedule = create('one-cycle', { learningRate: 1, totalSteps: 9 }, { cycleMomentum: false })
    expect(schedule.at(3)).toEqual({ learningRate: expect.any(Number) })
  })
})

test('constant is constant', () => {
  const schedule = create('constant', { learningRate: 0.3, totalSteps: 9 })
  expect([schedule.at(0), schedule.at(8)]).toEqual([{ learningRate: 0.3 }, { learningRate: 0.3 }])
})
