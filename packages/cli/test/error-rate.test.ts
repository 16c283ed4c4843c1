import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

vi.setConfig({ testTimeout: 300_000 })

const table = fixture('errors.ts')
const out = temporaryFolder()
const common = ['--engine', 'wasm', '--out', out]
const runOf = (row: string) => path.join(out, 'errors', row, readdirSync(path.join(out, 'errors', row))[0]!)

describe('a metric of which the lower value is the better one', () => {
  it('is judged in its direction from the start to the verdict and the exit code', async () => {
    const result = await runCli('repro', [table, ...common, '--json'])
    const rows = Object.fromEntries(result.json().rows.map((row: { row: string }) => [row.row, row]))
    expect(rows).toMatchObject({
      untrained: { metric: 'error-rate', format: { style: 'percent', digits: 1 }, verdict: 'falls-short' },
      trained: { verdict: 'exceeds' },
      held: { verdict: 'reproduced' },
    })
    expect(rows.untrained.measured.mean).toBeGreaterThan(0.4)
    expect(rows.trained.measured.mean).toBeLessThan(0.2)
    expect(rows.untrained.note).toMatch(/^Measured \d\d\.\d %, reported 2\.5 %: worse by \d\d\.\d pp/)
    expect(rows.trained.note).toMatch(/^Measured \d{1,2}\.\d %, reported 98\.3 %: better by \d\d\.\d pp/)
    // A row falls short.
    expect(result.code).toBe(1)
  })

  it('has an exit code of its own row', async () => {
    const again = await runCli('repro', [`${table}#trained`, ...common, '--resume'])
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('exceeds')])
  })

  it('is told in a report of the runs, and in an accepted record', async () => {
    const page = path.join(out, 'page.html')
    const report = await runCli('repro', ['report', runOf('trained'), runOf('untrained'), '--output', page])
    expect(report.code).toBe(0)
    const text = readFileSync(page, 'utf8')
    expect(text).toMatch(/exceeds[\s\S]*falls short/)
    expect(text).toContain('error-rate, %')
    expect(text).toMatch(/reported 2\.5 %: worse by/)

    const records = ['--records', temporaryFolder(), '--table', table]
    const accepted = await runCli('repro', ['accept', runOf('held'), ...records])
    expect([accepted.code, accepted.stderr]).toEqual([0, ''])
    const check = await runCli('repro', ['check', ...records])
    expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('errors/held')])
  })

  it('makes a trick that lowers it worth something', async () => {
    const result = await runCli('lab', ['ablate', `${table}#trained`, ...common, '--resume', '--json'])
    expect(result.code).toBe(0)
    const { metric, better, rows, report } = result.json()
    expect([metric, better]).toEqual(['error-rate', 'lower'])
    const [whole, without] = rows
    expect(without.trick).toBe('optimizer.learningRate')
    expect(without.worth.values).toEqual([1, 2, 3].map((seed) => without.results[seed] - whole.results[seed]))
    expect(without.worth.mean).toBeGreaterThan(0.2)
    expect(result.stderr).toMatch(/\+\d\d\.\d pp/)
    expect(readFileSync(report, 'utf8')).toContain('error-rate without the trick minus the error-rate of the whole row')
  })
})
