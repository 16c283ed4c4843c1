import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const short = ['--engine', 'wasm', '--turns', '2', '--steps', '2', '--json']

describe('a table of measurements', () => {
  it('measures how the cost of blocks grows', { timeout: 120_000 }, async () => {
    const result = await runCli('repro', [fixture('growth.ts'), ...short, '--out', temporaryFolder()])
    expect(result.stderr).not.toContain('✖')
    const { table, rows } = result.json()
    expect(table).toBe('growth')
    expect(rows.map(({ row }: { row: string }) => row)).toEqual([
      'linear',
      'linear-memory',
      'quadratic-memory',
      'cheaper',
    ])
    // Memory is counted, not timed: it is the same on every machine.
    const [, linear, quadratic] = rows.map(({ measured }: { measured: { mean: number } }) => measured.mean)
    expect(linear).toBeGreaterThan(0.9)
    expect(linear).toBeLessThan(1.1)
    expect(quadratic).toBeGreaterThan(1.5)
    expect(rows[1]).toMatchObject({ verdict: 'measured', reported: null, engine: 'wasm', partial: false })
    const { record } = rows[0]
    expect(existsSync(path.join(record, 'report.html'))).toBe(true)
    const { samples } = JSON.parse(readFileSync(path.join(record, 'measurement.json'), 'utf8'))
    // Two blocks at three sizes, time and memory.
    expect(samples).toHaveLength(12)
  })

  it('measures steps of variants in turns, with what a prediction costs', { timeout: 240_000 }, async () => {
    const result = await runCli('repro', [fixture('steps.ts'), ...short, '--out', temporaryFolder()])
    expect(result.stderr).not.toContain('✖')
    expect(result.code).toBe(0)
    const { rows } = result.json()
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ row: 'wide', verdict: 'reproduced', reported: { mean: 2 } })
    expect(rows[0].measured.mean).toBeGreaterThan(0)
    const { samples } = JSON.parse(readFileSync(path.join(rows[0].record, 'measurement.json'), 'utf8'))
    const shapes = samples.map(
      ({ series, quantity, turns }: { series: string; quantity: string; turns: number[][] }) => [
        series,
        quantity,
        turns.map((turn) => turn.length),
      ],
    )
    expect(shapes).toEqual(
      ['small', 'wide'].flatMap((row) => ['train', 'predict', 'latency'].map((quantity) => [row, quantity, [2, 2]])),
    )
    expect(readFileSync(path.join(rows[0].record, 'report.html'), 'utf8')).toContain('images/s')
  })

  it.each([['--seeds', '2'], ['--epochs', '1'], ['--resume']])(
    'refuses %s, which has no effect here',
    async (...flag) => {
      const result = await runCli('repro', [fixture('growth.ts'), ...flag])
      expect(result.stderr).toContain(`[E_ARGUMENT] ${flag[0]} has no effect here`)
      expect(result.code).toBe(2)
    },
  )
})
