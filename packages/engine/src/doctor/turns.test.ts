import { expect, test } from 'vitest'
import { timeInTurns } from './turns.ts'

test('engines take turns, so that a slow spell hits all of them and moves no median', async () => {
  const order: string[] = []
  let clock = 0
  const engine = (name: string, step: number) => async () => {
    order.push(name)
    // The machine is busy for a whole round, and once more for a while.
    return step * ([2, 3, 7].includes(clock++) ? 10 : 1)
  }
  const timed = await timeInTurns([engine('fast', 1), engine('slow', 2)])
  expect(order.join(' ')).toBe('fast slow fast slow fast slow fast slow fast slow')
  expect(timed).toEqual([
    { stepMs: 1, stepRangeMs: [1, 10] },
    { stepMs: 2, stepRangeMs: [2, 20] },
  ])
})

test('an engine that takes no turn has no time', async () => {
  expect(await timeInTurns([async () => undefined])).toEqual([{ stepMs: undefined, stepRangeMs: undefined }])
})
