import { describe, expect, it } from 'vitest'
import { fixture, runCli } from './run-cli.ts'

/** What a page made of a recorded run may count on. */
const rowKeys = [
  'table',
  'row',
  'batchSize',
  'imageShape',
  'engine',
  'ours',
  'peer',
  'ratio',
  'processorRatio',
  'otherPeers',
  'firstLossDifference',
] as const
const sideKeys = [
  'name',
  'version',
  'threads',
  'notes',
  'stepMs',
  'processorMs',
  'imagesPerSecond',
  'turnsMs',
  'peakResidentBytes',
  'residentBytes',
  'tensors',
  'startToFirstStepSeconds',
  'losses',
] as const

describe('bench train', () => {
  it('measures both sides, which compute the same, and answers with one JSON object', async () => {
    const rows = ['conv', 'residual-conv'].map((row) => `${fixture('plain.ts')}#${row}`)
    const args = ['train', ...rows, '--engine', 'wasm', '--steps', '1', '--turns', '1', '--warmup', '4', '--json']
    const result = await runCli('bench', args)
    expect(result.stderr).not.toContain('✖')
    expect(result.code).toBe(0)
    expect(result.stdout).toContain('peer / ours')
    expect(result.stdout).toContain('tensors  flat')

    const json = result.json()
    expect(Object.keys(json)).toEqual(['command', 'date', 'environment', 'options', 'rows'])
    expect(Object.keys(json.environment)).toEqual(expect.arrayContaining(['cpu', 'cores', 'node', 'tfjs']))
    expect(json.options).toMatchObject({ peer: 'tfjs', steps: 1, turns: 1 })
    expect(json.rows).toHaveLength(2)
    for (const row of json.rows) {
      expect(Object.keys(row)).toEqual([...rowKeys])
      expect(row).toMatchObject({ table: 'plain', batchSize: 32, imageShape: [14, 14, 1], engine: { name: 'wasm' } })
      for (const side of [row.ours, row.peer]) {
        expect(Object.keys(side)).toEqual([...sideKeys])
        expect(side.turnsMs).toHaveLength(1)
        expect(side.turnsMs[0]).toHaveLength(1)
        expect(side.processorMs.min).toBeGreaterThan(0)
        expect(side.peakResidentBytes).toBeGreaterThan(2 ** 20)
        expect(side.tensors.flat).toBe(true)
        expect(side.losses).toHaveLength(4)
      }
      expect(row.ratio.turns).toHaveLength(1)
      expect(row.processorRatio.turns).toEqual([
        expect.closeTo(row.peer.processorMs.median / row.ours.processorMs.median),
      ])
      expect(row.otherPeers).toEqual([])

      const differences = row.ours.losses.map((loss: number, step: number) => Math.abs(loss - row.peer.losses[step]))
      expect(row.firstLossDifference).toBe(differences[0])
      expect(differences[0]).toBeLessThan(1e-4)
      expect(differences[3]).toBeLessThan(1e-3)
      // The updates did something, or equal losses would say nothing of the gradients.
      expect(row.ours.losses[3]).toBeLessThan(0.9 * row.ours.losses[0])
    }
    // Seven processes: some seconds, but more on a busy machine.
  }, 180_000)

  it('says in the house form what a side died of', async () => {
    const args = ['train', `${fixture('plain.ts')}#conv`, '--engine', 'wasm', '--threads', '2']
    const result = await runCli('bench', args)
    expect(result.code).toBe(2)
    expect(result.stderr).toContain('[E_OPTION_RANGE] The engine wasm computes on one thread.')
  })
})

describe('bench profile', () => {
  it('accounts for the whole step', async () => {
    const target = `${fixture('plain.ts')}#conv`
    const result = await runCli('bench', ['profile', target, '--engine', 'wasm', '--steps', '1', '--json'])
    expect(result.code).toBe(0)
    const { kernels, stepMs, outsideMsPerStep, kernelsPerStep, convolution, matmul } = result.json()
    const inside = kernels.reduce((sum: number, { ms }: { ms: number }) => sum + ms, 0)
    expect(inside + outsideMsPerStep).toBeCloseTo(stepMs, 6)
    expect(kernelsPerStep).toBe(kernels.reduce((sum: number, { calls }: { calls: number }) => sum + calls, 0))
    const calls = Object.fromEntries(
      kernels.map((kernel: { kernel: string; calls: number }) => [kernel.kernel, kernel.calls]),
    )
    // Five convolutions; the images need no gradient.
    expect(calls).toMatchObject({ Conv2D: 5, Conv2DBackpropFilter: 5, Conv2DBackpropInput: 4 })
    const forward = kernels.find((kernel: { kernel: string }) => kernel.kernel === 'Conv2D')
    expect(forward.macs).toBe(32 * convolution.macsPerImage)
    expect(matmul.gflops).toBeGreaterThan(0)
    const { copy } = result.json()
    for (const { ms, share, macs, bytes, limit } of kernels) {
      expect(limit !== null).toBe(share > 0.02)
      const least = Math.max((2 * macs) / matmul.gflops, bytes / copy.gigabytesPerSecond) / 1e6
      if (limit !== null) expect(limit.share).toBeCloseTo(least / ms, 9)
    }
    // The images of the batch alone, 14 × 14 pixels, are read by the first convolution.
    expect(forward.bytes).toBeGreaterThan(4 * 32 * 14 * 14)
  })
})

describe('bench data', () => {
  it('measures the source and the wait for it', async () => {
    const target = `${fixture('plain.ts')}#conv`
    const args = ['data', target, '--engine', 'wasm', '--steps', '2', '--batches', '4', '--json']
    const result = await runCli('bench', args)
    expect(result.code).toBe(0)
    const { source, training } = result.json()
    expect(source).toMatchObject({ batches: 4, images: 128 })
    expect(training.waitShare).toBeGreaterThanOrEqual(0)
    expect(training.waitShare).toBeLessThanOrEqual(1)
  })
})
