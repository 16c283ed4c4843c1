import path from 'node:path'
import { createRegistry, normalizeRow } from '@tricklab/core'
import { saveWeights } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { describe, expect, it } from 'vitest'
import { networkOf } from '../src/bench/network.ts'
import plainNetworks from '../src/bench/plain-networks.ts'
import { findTorchPython } from '../src/bench/python.ts'
import { startSide } from '../src/bench/side.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const python = (() => {
  try {
    return findTorchPython().program
  } catch {
    return undefined
  }
})()

const peer = path.join(import.meta.dirname, '../src/bench/torch-peer.py')

describe.skipIf(python === undefined)('the peer torch', () => {
  it.each(['conv', 'residual-conv', 'double-conv', 'resnet18', 'xresnet', 'xresnet-basic'])(
    'computes the losses of our side on %s, from the same weights and batches',
    async (name) => {
      const args = ['--peer', 'torch', '--engine', 'wasm', '--memory-format', 'contiguous', '--json']
      const steps = ['--steps', '1', '--turns', '1', '--warmup', '4']
      const result = await runCli('bench', ['train', `${fixture('plain.ts')}#${name}`, ...args, ...steps])
      expect(result.stderr).not.toContain('✖')
      expect(result.code).toBe(0)
      const [{ firstLossDifference, ours, peer: theirs }] = result.json().rows
      expect(firstLossDifference).toBeLessThan(1e-4)
      expect(Math.abs(ours.losses[1] - theirs.losses[1])).toBeLessThan(5e-3)
      // The update did something, or equal losses would say nothing of the gradients.
      expect(Math.abs(ours.losses[1] - ours.losses[0])).toBeGreaterThan(1e-2)
    },
    420_000,
  )

  it('builds xresnet50 of 23,547,754 parameters, and refuses a network that is not ours', async () => {
    await prepareEngine('cpu')
    const row = normalizeRow(plainNetworks, 'xresnet50', createRegistry(plainNetworks.plugins))
    const share = path.join(temporaryFolder(), 'share.safetensors')
    const batch = {
      'batch/0/images': tf.zeros([1, 32, 32, 3]),
      'batch/0/targets': tf.cast(tf.oneHot([0], 10), 'float32'),
    }
    await saveWeights(share, batch, {})
    tf.dispose(batch)
    const setup = { network: networkOf(row, 3, 10), parameters: 1, share, batches: 1, threads: 1, warmup: 4 }
    const command = { title: 'PyTorch', program: python!, args: ['-u', peer] }
    await expect(startSide(command, setup)).rejects.toThrow('23547754 parameters here, 1 on our side')
  }, 240_000)
})
