import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { prepareEngine } from '@tricklab/engine'
import { csvTracker, type Point, type Tracker } from '@tricklab/trackers'
import { beforeAll, expect, test } from 'vitest'
import { tinyTable } from '../test/tiny-table.ts'
import { train } from './train.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const once = {
  epochs: 1,
}
const table = tinyTable({ plain: {}, staged: { stages: [once, { ...once, optimizer: { learningRate: 0.01 } }] } })

/** Remembers what it is told. */
function memory(own: Partial<Tracker> = {}) {
  const told: string[] = []
  const points: Point[] = []
  const tracker: Tracker = {
    name: 'memory',
    begin: ({ row, scores }, step) => void told.push(`begin ${row} after ${step}: ${scores.join()}`),
    track: (point) => void points.push(point),
    flush: () => void told.push('flush'),
    end: (outcome) => void told.push(`end: ${outcome}`),
    ...own,
  }
  return { tracker, told, points }
}

test('a tracker is told of every step and epoch, and of nothing else of the training', async () => {
  const { tracker, told, points } = memory()
  const { scores, ...plain } = await train(table, { row: 'plain' })
  const tracked = await train(table, { row: 'plain', trackers: [tracker] })
  expect(tracked.scores).toEqual(scores)
  expect(told).toEqual(['begin plain after 0: accuracy,loss', 'flush', 'flush', 'end: finished'])
  expect(points.map(({ step, epoch }) => [step, epoch])).toEqual(
    [1, 2, 3, 3, 4, 5, 6, 6].map((step, index) => [step, index < 4 ? 0 : 1]),
  )
  expect(Object.keys(points[0]!.values)).toEqual(['loss', 'learningRate', 'imagesPerSecond'])
  expect(points.at(-1)!.values['valid/accuracy']).toBe(scores.accuracy)
  plain.dispose()
  tracked.dispose()
})

test('all stages of a training are one to a tracker', async () => {
  const { tracker, told, points } = memory()
  const trained = await train(table, { row: 'staged', trackers: [tracker] })
  trained.dispose()
  expect(told.filter((what) => what !== 'flush')).toEqual(['begin staged after 0: accuracy,loss', 'end: finished'])
  expect(points.at(-1)!.step).toBe(6)
})

test('images and weights are given to who wants them', async () => {
  const seen: string[] = []
  const { tracker } = memory({
    images: ({ step, shape, images }) =>
      void seen.push(`${images.length} of ${shape} at ${step}, ${Buffer.from(images[0]!).toString('latin1', 1, 4)}`),
    weights: ({ path: name, values }) => void seen.push(`${name}: ${values.length}`),
  })
  const trained = await train(table, { row: 'plain', trackers: [tracker] })
  expect(seen[0]).toBe('8 of 8,8,1 at 0, PNG')
  expect(seen[1]).toMatch(/^\S+: \d+$/)
  trained.dispose()
})

test.each(['begin', 'track', 'flush', 'end'] as const)(
  'a tracker that fails at %s costs one notice, and others go on',
  async (what) => {
    const failing = memory({
      [what]: () => {
        throw new Error('no space')
      },
    })
    const good = memory()
    const notices: string[] = []
    const trained = await train(table, {
      row: 'plain',
      trackers: [failing.tracker, good.tracker],
      onProgress: (event) => event.kind === 'notice' && notices.push(event.message),
    })
    trained.dispose()
    expect(notices).toEqual(['The tracker memory is left out from here on; the training goes on. no space'])
    expect(good.told.at(-1)).toBe('end: finished')
  },
)

test('one that is stopped says so, and a file keeps what was told until then', async () => {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'tricklab-train-')), 'steps.csv')
  const { tracker, told } = memory()
  const stop = new AbortController()
  const onProgress = () => stop.abort()
  await expect(
    train(table, { row: 'plain', trackers: [tracker, csvTracker(file)], signal: stop.signal, onProgress }),
  ).rejects.toThrow('E_INTERRUPTED')
  expect(told.at(-1)).toBe('end: stopped')
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2)
})
