import { createRegistry } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import { describe, expect, it } from 'vitest'
import { benchProgram } from '../src/bench/command.ts'
import { networkOf } from '../src/bench/network.ts'
import { findTorchPython } from '../src/bench/python.ts'
import { resolveTargets } from '../src/bench/targets.ts'
import plain from './fixtures/plain.ts'
import { fixture } from './run-cli.ts'

const run = (...args: string[]) => benchProgram().parseAsync(['node', 'bench', ...args])

describe('arguments of bench', () => {
  it.each([
    [['train', 'fashionmnist-resnet/conv'], 'E_TABLE_UNKNOWN'],
    [['train', 'fashionmnist-resnets/con'], 'E_ROW_UNKNOWN'],
    [['train', 'fashionmnist-summary'], 'E_ARGUMENT'],
    [['train', '--peer', 'keras'], 'E_ARGUMENT'],
    [['train', '--memory-format', 'nhwc'], 'E_ARGUMENT'],
    [['train', 'xresnet50', '--peer', 'tfjs'], 'E_PEER_UNAVAILABLE'],
    [['train', '--compile'], 'E_ARGUMENT'],
    [['train', '--peer', 'none', '--compile'], 'E_ARGUMENT'],
    [['train', '--precision', 'f16'], 'E_PRECISION'],
    [['train', '--steps', '0'], 'E_ARGUMENT'],
    [['train', '--turns', '1.5'], 'E_ARGUMENT'],
    [['train', '--warmup', '3'], 'E_ARGUMENT'],
    [['profile', 'fashionmnist-resnets'], 'E_ARGUMENT'],
    [['profile', 'fashionmnist-resnets/conv', '--engine', 'cuda'], 'E_ENGINE_UNKNOWN'],
    [['data', 'fashionmnist-resnets/conv', '--batches', '0'], 'E_ARGUMENT'],
  ])('%j: %s', async (args, code) => {
    await expect(run(...args)).rejects.toMatchObject({ code, exitCode: 2 })
  })

  it('takes the two documented rows when none is named', async () => {
    const targets = await resolveTargets([])
    expect(targets.map(({ text }) => text)).toEqual(['fashionmnist-resnets/conv', 'fashionmnist-resnets/residual'])
  })

  it('knows plain networks by their names alone', async () => {
    const [target] = await resolveTargets(['xresnet50'])
    expect(target!.row.name).toBe('xresnet50')
    expect((await resolveTargets([target!.text]))[0]!.row.hash).toBe(target!.row.hash)
    expect(networkOf(target!.row, 3, 10)).toEqual({
      kind: 'xresnet',
      layers: [3, 4, 6, 3],
      widths: [64, 128, 256, 512],
      expansion: 4,
      stemWidths: [32, 32, 64],
    })
  })

  it('names rows of a file so that another process finds them', async () => {
    const [first] = await resolveTargets([fixture('plain.ts')])
    expect(first!.text).toBe(`${fixture('plain.ts')}#conv`)
    expect((await resolveTargets([first!.text])).map(({ row }) => row.name)).toEqual(['conv'])
  })
})

describe('what a peer is asked to train', () => {
  const row = normalizeRow(plain, 'residual-conv', createRegistry(plain.plugins))

  it('is the network of the row', () => {
    expect(networkOf(row, 1, 3)).toEqual({
      kind: 'slowai',
      block: 'residual-conv',
      channels: [1, 4, 6, 8, 8, 3],
      firstStride: 1,
      slope: 0.1,
      offset: 0.4,
    })
  })

  it.each([
    ['a callback', { callbacks: [{ use: 'mixup' }] }],
    ['another optimizer', { optimizer: { use: 'sgd' } }],
    ['another loss', { loss: { use: 'focal' } }],
    ['another slot', { model: { skeleton: { use: 'xresnet50', outputs: 0 }, slots: { act: { use: 'mish' } } } }],
    ['another network', { model: { skeleton: { use: 'efficientnet' }, slots: {} } }],
  ])('refuses %s, for the peer would be timed at other work', (_name, change) => {
    const other = { ...row, recipe: { ...row.recipe, ...change } }
    expect(() => networkOf(other, 1, 3)).toThrow(/E_PEER_UNAVAILABLE.*--peer none/)
  })

  it('needs a Python with torch, and says how to get it', () => {
    const environment = { TRICKLAB_PYTHON: process.execPath }
    expect(() => findTorchPython(environment)).toThrow(/E_PEER_UNAVAILABLE.*TRICKLAB_PYTHON.*-m pip install torch/)
    expect(() => findTorchPython({ PATH: '' })).toThrow(/E_PEER_UNAVAILABLE.*python3 -m pip install torch/)
  })
})
