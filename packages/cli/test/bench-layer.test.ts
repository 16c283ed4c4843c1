import { describe, expect, it } from 'vitest'
import { benchProgram } from '../src/bench/command.ts'
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
  ])('%j: %s', async (args, code) => {
    const running = benchProgram().parseAsync(['node', 'bench', ...args])
    await expect(running).rejects.toMatchObject({ code, exitCode: 2 })
  })
})
