import { prepareEngine } from '@tricklab/engine'
import { describe, expect, it, vi } from 'vitest'
import { benchProgram } from '../src/bench/command.ts'
import { denseShapes, efficientnetShapes } from '../src/bench/convolution-shapes.ts'
import { benchConvolutions } from '../src/bench/convolutions.ts'
import { formatConvolutions } from '../src/bench/format-convolutions.ts'
import { formatLayers } from '../src/bench/format-layers.ts'
import { benchLayer, layerNames } from '../src/bench/layers.ts'

describe('bench layer', () => {
  it.each(layerNames)('%s: both forms compute the same, in as many turns as asked for', async (layer) => {
    const shapes = [
      { size: 5, channels: 16 },
      { size: 3, channels: 8 },
    ]
    const shown: string[] = []
    const options = { engine: ['cpu', {}] as const, batch: 2, channelsPerGroup: 4, turns: 2, steps: 1 }
    const result = await benchLayer(layer, { ...options, shapes }, (what) => shown.push(what))
    expect(result.measured.map(({ size, pass }) => [size, pass])).toEqual([
      [5, 'forward'],
      [5, 'forward and backward'],
      [3, 'forward'],
      [3, 'forward and backward'],
    ])
    for (const { difference, fastMs, naiveMs, ratio, processorRatio } of result.measured) {
      expect(difference).toBeLessThan(1e-5)
      for (const { min, median, max } of [fastMs, naiveMs, ratio, processorRatio]) {
        expect(min).toBeGreaterThan(0)
        expect(median).toBeGreaterThanOrEqual(min)
        expect(max).toBeGreaterThanOrEqual(median)
      }
    }
    expect(shown).toHaveLength(4)
    const text = formatLayers(result)
    expect(text).toContain('of 2 turns of 1 steps')
    expect(text).toContain(
      layer === 'twist' ? 'three convolutions / fused, wanted 2' : 'masked dense / grouped, wanted 3',
    )
  })

  it.each([
    [['layer', 'twits'], 'E_ARGUMENT'],
    [['layer', 'groups', '--channels-per-group', '6'], 'E_ARGUMENT'],
    [['layer', 'groups', '--turns', '0'], 'E_ARGUMENT'],
    [['layer', 'twist', '--engine', 'cuda'], 'E_ENGINE_UNKNOWN'],
    [['layer', 'twist', '--peer', 'torch'], 'E_ARGUMENT'],
    [['layer', 'depthwise', '--peer', 'keras'], 'E_ARGUMENT'],
  ])('%j: %s', async (args, code) => {
    const running = benchProgram().parseAsync(['node', 'bench', ...args])
    await expect(running).rejects.toMatchObject({ code, exitCode: 2 })
  })
})

describe('bench layer depthwise', () => {
  const shapes = [
    { size: 6, channels: 4, kernelSize: 5, stride: 2 },
    { size: 4, channels: 8, kernelSize: 3, stride: 1 },
  ]
  const options = { engine: ['wasm', {}] as const, shapes, batch: 2, turns: 3, steps: 2 }

  // timm.create_model('efficientnet_b0'): [m for m in model.modules() if m.groups > 1], at 128 px.
  it('takes every depthwise convolution of EfficientNet-B0 once', () => {
    expect(efficientnetShapes().map((shape) => Object.values(shape).join())).toEqual([
      '64,32,3,1',
      '64,96,3,2',
      '32,144,3,1',
      '32,144,5,2',
      '16,240,5,1',
      '16,240,3,2',
      '8,480,3,1',
      '8,480,5,1',
      '8,672,5,1',
      '8,672,5,2',
      '4,1152,5,1',
      '4,1152,3,1',
    ])
  })

  it('sets both passes against what the machine allows, without a peer', async () => {
    const result = await benchConvolutions('depthwise', { ...options, peer: 'none' }, () => {})
    expect(result.measured.map(({ channels, pass }) => [channels, pass])).toEqual([
      [4, 'forward'],
      [4, 'forward and gradients'],
      [8, 'forward'],
      [8, 'forward and gradients'],
    ])
    for (const { ours, bound, peer } of result.measured) {
      expect(peer).toBeNull()
      expect(Math.min(ours.ms.min, bound.memoryMs, bound.arithmeticMs)).toBeGreaterThan(0)
      expect(bound.reached).toBeCloseTo(Math.max(bound.memoryMs, bound.arithmeticMs) / ours.processorMs.median)
    }
    // 3 outputs see 3, 5 and 4 pixels of a row, 4 outputs 2, 3, 3 and 2; two images; two operations a product.
    const products = [2 * 4 * 12 ** 2, 2 * 8 * 10 ** 2]
    const [strided, , dense] = result.measured
    expect([strided, dense].map((one) => (one!.bound.arithmeticMs * result.matmulSpeed * 1e6) / 2)).toEqual(
      products.map((count) => expect.closeTo(count)),
    )
    expect(formatConvolutions(result)).not.toContain('PyTorch')
  })

  it('needs torch for the peer, and says how to get it', async () => {
    vi.stubEnv('TRICKLAB_PYTHON', process.execPath)
    const running = benchConvolutions('depthwise', { ...options, peer: 'torch' }, () => {})
    await expect(running).rejects.toThrow(/E_PEER_UNAVAILABLE.*-m pip install torch/)
    vi.unstubAllEnvs()
  })
})

describe('bench layer conv', () => {
  // [m for m in xresnet50().modules() if isinstance(m, nn.Conv2d)] of fastai, at 128 px, and of the notebook's mxresnet50.
  it('takes every dense convolution of the networks once', async () => {
    await prepareEngine('wasm')
    const shapes = await denseShapes(['xresnet50'])
    expect(shapes.map((shape) => Object.values(shape).join())).toEqual([
      '128,3,32,3,2',
      '64,32,32,3,1',
      '64,32,64,3,1',
      '32,64,64,1,1',
      '32,64,64,3,1',
      '32,64,256,1,1',
      '32,256,64,1,1',
      '32,256,128,1,1',
      '32,128,128,3,2',
      '16,128,512,1,1',
      '16,256,512,1,1',
      '16,512,128,1,1',
      '16,128,128,3,1',
      '16,512,256,1,1',
      '16,256,256,3,2',
      '8,256,1024,1,1',
      '8,512,1024,1,1',
      '8,1024,256,1,1',
      '8,256,256,3,1',
      '8,1024,512,1,1',
      '8,512,512,3,2',
      '4,512,2048,1,1',
      '4,1024,2048,1,1',
      '4,2048,512,1,1',
      '4,512,512,3,1',
    ])
    expect((await denseShapes()).length).toBeGreaterThan(shapes.length)
  }, 60_000)

  it('measures each gradient by itself, and counts the products that meet no padding', async () => {
    const shape = { size: 6, channels: 4, outputs: 8, kernelSize: 3, stride: 2 }
    const options = { engine: ['wasm', {}] as const, shapes: [shape], batch: 2, turns: 2, steps: 1 }
    const result = await benchConvolutions('conv', { ...options, peer: 'none' }, () => {})
    expect(result.layer).toBe('conv')
    expect(result.measured.map(({ pass }) => pass)).toEqual(['forward', 'input gradient', 'filter gradient'])
    // 3 outputs see 2, 3 and 3 pixels of a row.
    for (const { bound } of result.measured) {
      expect((bound.arithmeticMs * result.matmulSpeed * 1e6) / 2).toBeCloseTo(2 * 4 * 8 * 8 ** 2)
    }
    expect(formatConvolutions(result)).toContain('4 → 8')
  })
})
