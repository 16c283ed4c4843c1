import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRegistry } from '@tricklab/core'
import { saveWeights } from '@tricklab/core/checkpoint'
import { normalizeRow, type Row } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { startSide } from '@tricklab/repro'
import { again, createScriptedLoop, holdBatches } from '@tricklab/train'
import { beforeAll, describe, expect, it } from 'vitest'
import { benchConvolutions } from '../src/bench/convolutions.ts'
import { formatConvolutions } from '../src/bench/format-convolutions.ts'
import type { PeerSetup } from '../src/bench/messages.ts'
import { networkOf } from '../src/bench/network.ts'
import { findPeers, peerSetup } from '../src/bench/peers.ts'
import plainNetworks from '../src/bench/plain-networks.ts'
import { findTorchPython } from '../src/bench/python.ts'
import { describeTraining, shareStart } from '../src/bench/share.ts'
import plain from './fixtures/plain.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const python = (() => {
  try {
    return findTorchPython().program
  } catch {
    return undefined
  }
})()

const peer = path.join(import.meta.dirname, '../src/bench/torch-peer.py')
const folder = temporaryFolder()
const steps = 2

interface Trained {
  readonly setup: PeerSetup
  readonly losses: readonly number[]
}

/** Our side's first losses on a row, and what PyTorch starts from. */
async function train(row: Row): Promise<Trained> {
  const loop = await createScriptedLoop(row, {})
  const batches = await holdBatches(loop, steps)
  const share = path.join(folder, `${row.name}.safetensors`)
  await shareStart(loop, share, batches)
  await loop.run(async function* () {
    for (const batch of batches) yield again(batch)
  })
  const training = describeTraining(loop, batches)
  const options = { share, warmup: steps, threads: 1, precision: 'f32', channelsLast: false, compile: false }
  const losses = [...loop.losses]
  await loop.dispose()
  tf.dispose(batches.map(({ images, targets }) => [images, targets]))
  return { setup: peerSetup(row, training, options), losses }
}

/** A batch of photos, without weights: networks are counted before weights are looked at. */
async function photoBatch(): Promise<string> {
  const file = path.join(folder, 'photos.safetensors')
  const batch = {
    'batch/0/images': tf.zeros([1, 32, 32, 3]),
    'batch/0/targets': tf.cast(tf.oneHot([0], 10), 'float32'),
  }
  await saveWeights(file, batch, {})
  tf.dispose(batch)
  return file
}

describe.skipIf(python === undefined)('the peer torch', () => {
  const names = Object.keys(plain.rows)
  const registry = createRegistry(plain.plugins)
  const trained: Trained[] = []

  beforeAll(async () => {
    await prepareEngine('wasm')
    for (const name of names) trained.push(await train(normalizeRow(plain, name, registry)))
  }, 120_000)

  it('computes the losses of our side on every network, and answers as a side of a measurement', async () => {
    const row = normalizeRow(plainNetworks, 'xresnet50', createRegistry(plainNetworks.plugins))
    const share = await photoBatch()
    const large = { ...trained[0]!.setup, network: networkOf(row, 3, 10), parameters: 1, share, batches: 1 }
    const [setups, results] = ['setups.json', 'results.json'].map((name) => path.join(folder, name)) as [string, string]
    writeFileSync(setups, JSON.stringify([large, ...trained.map(({ setup }) => setup)]))

    const { setup, losses } = trained[names.indexOf('xresnet')]!
    const args = ['-u', fixture('torch-losses.py'), peer, setups, results]
    const side = await startSide(
      { title: 'PyTorch', program: python!, args },
      { ...setup, precision: 'bf16', channelsLast: true },
    )
    const { times, resident } = await side.measure(2)
    await side.close()
    expect(side.ready.notes.join()).toContain('channels_last')
    expect(Math.abs(side.ready.losses[0]! - losses[0]!)).toBeLessThan(2e-2)
    expect([times.length, resident.length]).toEqual([2, 2])
    expect(Math.min(...times)).toBeGreaterThan(0)

    const [counted, ...theirs] = JSON.parse(readFileSync(results, 'utf8')) as { losses: number[]; refused?: string }[]
    expect(counted!.refused).toContain('23547754 parameters here, 1 on our side')
    for (const [i, { losses: ours }] of trained.entries()) {
      const [first, second] = theirs[i]!.losses
      expect(Math.abs(ours[0]! - first!), names[i]).toBeLessThan(1e-4)
      expect(Math.abs(ours[1]! - second!), names[i]).toBeLessThan(5e-3)
      // The update did something, or equal losses would say nothing of the gradients.
      expect(Math.abs(ours[1]! - ours[0]!), names[i]).toBeGreaterThan(1e-2)
    }
  }, 120_000)
})

describe.skipIf(python === undefined)('bench train --peer torch', () => {
  it('holds ours against PyTorch at its best, and shows the allocator that it has by itself', async () => {
    const target = `${fixture('plain.ts')}#conv`
    const few = ['--steps', '1', '--turns', '2', '--warmup', '4', '--threads', '1', '--memory-format', 'contiguous']
    const result = await runCli('bench', ['train', target, '--engine', 'wasm', '--peer', 'torch', ...few, '--json'])
    expect(result.stderr).not.toContain('✖')
    const [row] = result.json().rows
    const [other] = row.otherPeers
    expect([row.peer.name, other.side.name].sort()).toEqual([
      'PyTorch eager, CPU, allocator that keeps its pages',
      'PyTorch eager, CPU, default allocator',
    ])
    expect(row.peer.stepMs.median).toBeLessThanOrEqual(other.side.stepMs.median)
    expect(other.ratio.turns).toHaveLength(2)
    expect(other.processorRatio.min).toBeGreaterThan(0)
    expect(row.firstLossDifference).toBeLessThan(1e-4)
    expect(result.stdout).toContain(`  of ${other.side.name}  `)
  }, 180_000)

  it('sets the allocator for the peer alone, and compiles only when asked', () => {
    const row = normalizeRow(plainNetworks, 'xresnet50', createRegistry(plainNetworks.plugins))
    const kept = { MALLOC_TRIM_THRESHOLD_: '100000000000', MALLOC_MMAP_THRESHOLD_: '100000000000' }
    const variants = (compile: boolean) =>
      findPeers('torch', [row], compile).map((peer) => [peer.command.env, peer.compile])
    const eager = [
      [kept, false],
      [undefined, false],
    ]
    expect(variants(false)).toEqual(eager)
    expect(variants(true)).toEqual([...eager, [kept, true]])
    expect(process.env).not.toHaveProperty('MALLOC_TRIM_THRESHOLD_')
  })
})

describe.skipIf(python === undefined)('the peer torch of convolutions', () => {
  it.each([
    [
      'depthwise' as const,
      [
        { size: 9, channels: 5, kernelSize: 5, stride: 2 },
        { size: 4, channels: 6, kernelSize: 3, stride: 1 },
      ],
      4,
    ],
    [
      'conv' as const,
      [
        { size: 9, channels: 5, outputs: 7, kernelSize: 3, stride: 2 },
        { size: 4, channels: 6, outputs: 4, kernelSize: 1, stride: 1 },
      ],
      6,
    ],
  ])(
    '%s: computes what ours does in every pass, in the faster of two memory formats',
    async (kind, shapes, count) => {
      const result = await benchConvolutions(
        kind,
        { engine: ['wasm', {}], peer: 'torch', shapes, batch: 2, turns: 2, steps: 1 },
        () => {},
      )
      expect(result.peer!.name).toContain('PyTorch')
      expect(result.measured).toHaveLength(count)
      for (const { peer } of result.measured) {
        const { difference, format, probedMs, ratio, processorMs } = peer!
        expect(difference).toBeGreaterThan(0)
        expect(difference).toBeLessThan(1e-5)
        expect(probedMs[format]).toBe(Math.min(...Object.values(probedMs)))
        expect(ratio.min).toBeGreaterThan(0)
        expect(processorMs.min).toBeGreaterThan(0)
      }
      expect(formatConvolutions(result)).toContain('ratio: PyTorch / ours, wanted 1')
    },
    120_000,
  )

  it('computes in bf16 where ours does', async () => {
    const shapes = [{ size: 6, channels: 16, outputs: 16, kernelSize: 3, stride: 1 }]
    const native = ['native', { precision: 'bf16', threads: 1 }] as const
    const supported = await prepareEngine(...native).then(
      () => true,
      () => false,
    )
    if (!supported) return
    const options = { engine: native, peer: 'torch', shapes, batch: 2, turns: 1, steps: 1 } as const
    const { measured } = await benchConvolutions('conv', options, () => {})
    for (const { peer } of measured) {
      // Results of our side are float32, those of PyTorch have the 8 bits of bf16.
      expect(peer!.difference).toBeGreaterThan(1e-4)
      expect(peer!.difference).toBeLessThan(1e-2)
    }
  }, 120_000)
})
