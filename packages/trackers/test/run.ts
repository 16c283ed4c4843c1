import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TrackedRun, Tracker } from '../src/index.ts'

export const temporaryFolder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-trackers-'))

export const run: TrackedRun = {
  table: 'tiny',
  row: 'plain',
  seed: 1,
  recipeHash: 'ab12',
  recipe: { epochs: 2, optimizer: { use: 'adamw', learningRate: 0.01 }, callbacks: [] },
  scores: ['accuracy', 'loss'],
}

const time = Date.parse('2026-03-01T09:00:00.000Z')
export const stepPoint = (step: number) => ({
  ...{ step, epoch: Math.floor((step - 1) / 2), time: time + 1000 * step },
  values: { loss: 1 / step, learningRate: 0.01, imagesPerSecond: 100 },
})
export const epochPoint = (epoch: number) => ({
  ...{ step: 2 * (epoch + 1), epoch, time: time + 2000 * (epoch + 1) },
  values: {
    'train/smoothLoss': 0.6,
    'train/accuracy': 0.5,
    'train/loss': 0.5,
    'valid/accuracy': 0.25 * (epoch + 1),
    'valid/loss': 0.75,
  },
})

/** Two epochs of two steps. */
export async function tellAll(tracker: Tracker): Promise<void> {
  await tracker.begin(run, 0)
  for (const epoch of [0, 1]) {
    for (const step of [2 * epoch + 1, 2 * epoch + 2]) tracker.track(stepPoint(step))
    tracker.track(epochPoint(epoch))
    tracker.flush()
  }
  await tracker.end('finished')
}
