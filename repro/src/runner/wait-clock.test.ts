import type { Split } from '@tricklab/core'
import type { BatchSource, SourceBatch } from '@tricklab/core/contracts'
import { expect, test } from 'vitest'
import { createWaitClock } from './wait-clock.ts'

/** A source on a clock of its own: a batch takes `reading` milliseconds, whoever uses it `using`. */
function setUp(reading: number) {
  let time = 0
  let open = 0
  const source = {
    async *read(_split: Split, _epoch: number, from: number): AsyncGenerator<SourceBatch> {
      open++
      try {
        for (let batch = from; batch < 4; batch++) {
          time += reading
          yield { size: batch } as SourceBatch
        }
      } finally {
        open--
      }
    },
  } as unknown as BatchSource
  const clock = createWaitClock(() => time)
  const use = async (split: Split, from: number, most = 4) => {
    const sizes: number[] = []
    for await (const { size } of clock.clocked(source).read(split, 0, from)) {
      time += 1000
      sizes.push(size)
      if (sizes.length === most) break
    }
    return sizes
  }
  return { clock, use, open: () => open }
}

test('reading is waiting, using is not; what was taken counts no more', async () => {
  const { clock, use } = setUp(250)
  expect(await use('train', 1)).toEqual([1, 2, 3])
  expect(clock.take()).toBe(0.75)
  expect(clock.take()).toBe(0)
  await use('train', 0)
  expect(clock.take()).toBe(1)
})

test('validation is not clocked', async () => {
  const { clock, use } = setUp(250)
  expect(await use('valid', 0)).toEqual([0, 1, 2, 3])
  expect(clock.take()).toBe(0)
})

test('whoever stops early closes the source', async () => {
  const { clock, use, open } = setUp(250)
  expect(await use('train', 0, 2)).toEqual([0, 1])
  expect(open()).toBe(0)
  expect(clock.take()).toBe(0.5)
})
