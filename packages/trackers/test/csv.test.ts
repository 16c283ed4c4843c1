import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { csvTracker } from '../src/index.ts'
import { epochPoint, run, stepPoint, tellAll, temporaryFolder } from './run.ts'

const lines = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

test('has a line for every step and epoch, under one head', async () => {
  const file = path.join(temporaryFolder(), 'seed-1.csv')
  await tellAll(csvTracker(file))
  expect(lines(file)).toEqual([
    'step,epoch,time,loss,learningRate,momentum,imagesPerSecond,train/smoothLoss,train/accuracy,train/loss,valid/accuracy,valid/loss',
    '1,1,2026-03-01T09:00:01.000Z,1,0.01,,100,,,,,',
    '2,1,2026-03-01T09:00:02.000Z,0.5,0.01,,100,,,,,',
    '2,1,2026-03-01T09:00:02.000Z,,,,,0.6,0.5,0.5,0.25,0.75',
    `3,2,2026-03-01T09:00:03.000Z,${1 / 3},0.01,,100,,,,,`,
    '4,2,2026-03-01T09:00:04.000Z,0.25,0.01,,100,,,,,',
    '4,2,2026-03-01T09:00:04.000Z,,,,,0.6,0.5,0.5,0.5,0.75',
  ])
})

test('of a training that goes on is as if it had never been stopped', async () => {
  const [whole, stopped] = ['a.csv', 'b.csv'].map((name) => path.join(temporaryFolder(), name)) as [string, string]
  await tellAll(csvTracker(whole))
  const before = csvTracker(stopped)
  await before.begin(run, 0)
  for (const step of [1, 2]) before.track(stepPoint(step))
  before.track(epochPoint(0))
  before.track(stepPoint(3))
  before.flush()
  // Killed: half a line.
  appendFileSync(stopped, '4,2,2026')
  const after = csvTracker(stopped)
  await after.begin(run, 2)
  for (const step of [3, 4]) after.track(stepPoint(step))
  after.track(epochPoint(1))
  await after.end('finished')
  expect(lines(stopped)).toEqual(lines(whole))
})
