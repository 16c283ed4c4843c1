import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fail } from '@tricklab/core'
import type { FitInfo } from '@tricklab/core/contracts'
import { afterAll, expect, test } from 'vitest'
import { createRecorder } from './recorder.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-recorder-'))
afterAll(() => rmSync(folder, { recursive: true }))

const origin = {
  host: 'here',
  cpu: 'a processor',
  engine: 'cpu',
  version: '1.0.0',
  precision: 'f32',
  threads: 1,
  commit: null,
}
const begin = (file: string, confirm = () => {}) =>
  createRecorder({ path: file, seed: 1, origin, waited: () => 0, confirm }).callback.beforeFit!({
    startStep: 0,
  } as FitInfo)

// The start of this file cannot be written: EIO, on every Linux.
test.skipIf(process.platform !== 'linux')(
  'what a disk refuses stops the run resumable, and is no fault of a callback',
  () => {
    const file = path.join(folder, 'broken.jsonl')
    symlinkSync('/proc/self/mem', file)
    expect(() => begin(file)).toThrow(/E_CHECKPOINT_WRITE.*broken\.jsonl could not be written: EIO/)
    expect(() => begin(path.join(folder, 'gone', 'log'))).toThrow(/E_CHECKPOINT_WRITE.*ENOENT/)
  },
)

test('nothing is written by a process that has lost the seed', () => {
  const lost = () => fail('E_RUN_LOST', { what: 'Taken over.' })
  expect(() => begin(path.join(folder, 'lost.jsonl'), lost)).toThrow(/E_RUN_LOST/)
})
