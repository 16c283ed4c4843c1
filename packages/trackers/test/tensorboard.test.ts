import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodePng } from '@tricklab/data'
import { expect, test } from 'vitest'
import { tensorboardTracker } from '../src/index.ts'
import { maskedCrc32c } from '../src/tensorboard/crc32c.ts'
import { pythonWith, reasonWithout } from './python.ts'
import { epochPoint, run, stepPoint, tellAll, temporaryFolder } from './run.ts'

test('an event file is whole records, each with the CRCs of its length and content', async () => {
  const folder = temporaryFolder()
  await tellAll(tensorboardTracker({ folder }))
  const [name, ...others] = readdirSync(folder)
  expect(others).toEqual([])
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./)
  const bytes = readFileSync(path.join(folder, name!))
  let records = 0
  for (let at = 0; at < bytes.length; records++) {
    const length = Number(bytes.readBigUInt64LE(at))
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)))
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(bytes.subarray(at + 12, at + 12 + length)))
    at += length + 16
  }
  // The version, four steps, two epochs.
  expect(records).toBe(7)
})

test('wants images and weights only where it is told so', () => {
  expect(tensorboardTracker({ folder: 'x' })).not.toHaveProperty('images')
  expect(tensorboardTracker({ folder: 'x' })).not.toHaveProperty('weights')
  expect(tensorboardTracker({ folder: 'x', images: true, weights: true })).toMatchObject({
    images: expect.any(Function),
    weights: expect.any(Function),
  })
})

const python = pythonWith('tensorboard')

test.skipIf(python === undefined)(
  `TensorBoard reads numbers, images and histograms, and what a resumed training tells again only once${python === undefined ? reasonWithout('tensorboard') : ''}`,
  async () => {
    const folder = temporaryFolder()
    const before = tensorboardTracker({ folder })
    before.begin(run, 0)
    for (const step of [1, 2, 3]) before.track(stepPoint(step))
    before.flush()
    const after = tensorboardTracker({ folder, images: true, weights: true })
    after.begin(run, 2)
    const png = encodePng(new Uint8Array(5 * 7 * 3).fill(99), 7, 5, 3)
    after.images!({ step: 2, time: Date.now(), shape: [5, 7, 3], images: [png] })
    for (const step of [3, 4]) after.track(stepPoint(step))
    after.track(epochPoint(1))
    after.weights!({ step: 4, time: Date.now(), path: 'head/bias', values: Float32Array.of(-1, 0, 0.5, 3) })
    after.weights!({ step: 4, time: Date.now(), path: 'head/same', values: Float32Array.of(2, 2) })
    await after.end('finished')

    const script = fileURLToPath(new URL('read_events.py', import.meta.url))
    const { stdout, stderr, status } = spawnSync(python!, [script, folder], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const read = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
    expect(read.scalars.loss).toEqual([1, 2, 3, 4].map((step) => [step, Math.fround(1 / step)]))
    expect(read.scalars['valid/accuracy']).toEqual([[4, 0.5]])
    expect(read.images['batch/image/0']).toEqual([[2, 7, 5, '89504e47']])
    expect(read.histograms['weights/head/bias']).toEqual([[4, 4, -1, 3, 4]])
    expect(read.histograms['weights/head/same']).toEqual([[4, 2, 2, 2, 2]])
  },
)
