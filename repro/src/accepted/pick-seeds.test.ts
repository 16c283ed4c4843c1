import { expect, test } from 'vitest'
import type { SeedLog } from '../record/read.ts'
import type { Manifest } from '../record/types.ts'
import { pickSeeds } from './pick-seeds.ts'

const log = (seed: number, time?: string) => ({ seed, end: time === undefined ? null : { time } }) as SeedLog

const unfinished = {
  table: 'tiny',
  seeds: [1, 2, 3],
  status: { 1: 'done', 2: 'done', 3: 'stopped' },
  ended: null,
  resumed: [{ seeds: [2, 3] }, { seeds: [3] }],
} as unknown as Manifest

test('the finished seeds of a run that was stopped are a run that ended with the last of them', () => {
  const logs = [log(1, '2026-11-30T06:30:00.000Z'), log(2, '2026-11-30T06:56:00.000Z'), log(3)]
  expect(pickSeeds(unfinished, [1, 2], logs)).toEqual({
    table: 'tiny',
    seeds: [1, 2],
    status: { 1: 'done', 2: 'done' },
    ended: '2026-11-30T06:56:00.000Z',
    resumed: [{ seeds: [2] }],
  })
})

test('the end that a run has stays; a seed that is not done leaves it without one', () => {
  const ended = { ...unfinished, ended: '2026-11-30T08:00:00.000Z' }
  expect(pickSeeds(ended, [1], [log(1, '2026-11-30T06:30:00.000Z')]).ended).toBe(ended.ended)
  expect(pickSeeds(unfinished, [3], [log(3)]).ended).toBeNull()
})

test('a seed that the run does not have is refused', () => {
  expect(() => pickSeeds(unfinished, [1, 4], [])).toThrow('[E_ARGUMENT] The run has no seed 4.')
})
