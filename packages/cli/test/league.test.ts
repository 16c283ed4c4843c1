import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

it('lab league compares what was trained, and says what is missing', { timeout: 180_000 }, async () => {
  const out = temporaryFolder()
  const table = fixture('tricks.ts')
  for (const row of ['plain', 'attention']) {
    const trained = await runCli('repro', [`${table}#${row}`, '--engine', 'wasm', '--out', out])
    expect(trained.stderr).not.toContain('✖')
  }
  const { stderr, code, json } = await runCli('lab', ['league', `${table}#plain`, '--out', out, '--json'])
  expect(code).toBe(0)
  expect(stderr).toMatch(/^attention +(helps|hurts|is open|is worth nothing) +2 /m)
  expect(stderr).toContain('missing: blurred, seeds 1, 2')
  const league = json()
  expect(league).toMatchObject({ table: 'tricks', baseline: 'plain', seeds: [1, 2] })
  expect(league.rows[0]).toMatchObject({ trick: 'attention', missing: [] })
  expect(league.rows[0].ratios.seconds).toBeGreaterThan(0)
  expect(readFileSync(league.report, 'utf8')).toContain('A table of tricks for tests')

  const none = await runCli('lab', ['league', `${table}#staged`, '--out', out])
  expect(none.code).toBe(2)
  expect(none.stderr).toContain('[E_RUN_UNKNOWN]')
})
