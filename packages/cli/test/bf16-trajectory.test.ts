import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type Precision, prepareEngine } from '@tricklab/engine'
import { again, createScriptedLoop, holdBatches } from '@tricklab/train'
import { describe, expect, it } from 'vitest'
import { peerSetup } from '../src/bench/peers.ts'
import { findTorchPython } from '../src/bench/python.ts'
import { describeTraining, shareStart } from '../src/bench/share.ts'
import trajectory from './fixtures/trajectory.ts'
import { temporaryFolder } from './run-cli.ts'

/** PyTorch's losses, stored: what it does needs no repetition. */
interface Stored {
  readonly command: string
  readonly version: string
  readonly f32: readonly number[]
  readonly bf16: readonly number[]
}

const file = path.join(import.meta.dirname, 'golden/bf16-trajectory.json')
const command = 'TRAJECTORY=write npx vitest run packages/cli/test/bf16-trajectory.test.ts'
const row = normalizeRow(trajectory, 'mish')
const steps = 30
const held = 16

const there = await prepareEngine('native', { precision: 'bf16' }).then(
  () => true,
  (error) => {
    // No compiler here, or a processor without bf16: any other reason must fail.
    if ((error as { code?: string }).code !== 'E_ENGINE_UNAVAILABLE') throw error
    return false
  },
)

/** Losses of thirty steps; `share` gets what they start from. */
async function losses(precision: Precision, share?: string) {
  await prepareEngine('native', { precision, threads: 1 })
  const loop = await createScriptedLoop(row, {})
  const batches = await holdBatches(loop, held)
  if (share !== undefined) await shareStart(loop, share, batches)
  await loop.run(async function* () {
    for (let step = 0; step < steps; step++) yield again(batches[step % held]!)
  })
  const training = describeTraining(loop, batches)
  const result = { losses: [...loop.losses], training }
  await loop.dispose()
  tf.dispose(batches.map(({ images, targets }) => [images, targets]))
  return result
}

/** Root of the mean square of the relative distances. */
const distance = (a: readonly number[], b: readonly number[]) =>
  Math.sqrt(a.reduce((sum, loss, i) => sum + (loss / b[i]! - 1) ** 2, 0) / a.length)

describe.runIf(there)('thirty steps with activations stored as bf16', () => {
  it('stay as close to float32 as under PyTorch’s autocast', async () => {
    const share = path.join(temporaryFolder(), 'start.safetensors')
    const { losses: exact, training } = await losses('f32', share)
    const { losses: ours } = await losses('bf16')
    const { losses: again } = await losses('bf16')
    expect(again).toEqual(ours)
    if (process.env.TRAJECTORY === 'write') {
      // The peer is told of a network that it knows; the script beside gives it Mish.
      const plain = { ...row, recipe: { ...row.recipe, model: { ...row.recipe.model, slots: {} } } }
      const setup = peerSetup(plain as typeof row, training, {
        share, warmup: 0, threads: 1, precision: 'f32', channelsLast: true, compile: false,
      }) // biome-ignore format: one line an object
      const peer = path.join(import.meta.dirname, '../src/bench/torch-peer.py')
      const { stdout, stderr } = spawnSync(
        findTorchPython().program,
        [path.join(import.meta.dirname, 'fixtures/torch-trajectory.py')],
        { input: `${JSON.stringify({ ...setup, peer, steps })}\n`, encoding: 'utf8' },
      )
      if (stdout === '') throw new Error(stderr)
      writeFileSync(file, `${JSON.stringify({ command, ...JSON.parse(stdout) }, null, 2)}\n`)
    }
    const torch = JSON.parse(readFileSync(file, 'utf8')) as Stored
    expect(exact).toHaveLength(steps)
    // Both sides train the same in float32; else the comparison would say nothing.
    expect(distance(exact, torch.f32)).toBeLessThan(distance(torch.bf16, torch.f32) / 2)
    const autocast = distance(torch.bf16, torch.f32)
    expect(distance(ours, exact)).toBeLessThan(1.25 * autocast)
  }, 600_000)
})
