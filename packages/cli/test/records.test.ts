import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

describe('records of tables of others', () => {
  it('are accepted into a folder, checked there and reported', async () => {
    const folder = temporaryFolder()
    const [out, records, page] = ['runs', 'records', 'page.html'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    const table = ['--table', fixture('tiny.ts')]
    const ran = await runCli('repro', [`${fixture('tiny.ts')}#undocumented`, '--engine', 'wasm', '--out', out])
    expect(ran.code).toBe(0)
    const parent = path.join(out, 'tiny/undocumented')
    const run = path.join(parent, readdirSync(parent)[0]!)

    const accepted = await runCli('repro', ['accept', run, '--records', records, ...table])
    expect([accepted.stderr, accepted.code]).toEqual(['', 0])
    expect(accepted.stdout.trim()).toBe(path.join(records, 'tiny/undocumented'))

    const checked = await runCli('repro', ['check', '--records', records, ...table])
    expect(checked.stdout).toBe('✔ tiny/undocumented\n1 records checked, all hold.\n')
    const unnamed = await runCli('repro', ['check', '--records', records])
    expect(unnamed.code).toBe(1)
    expect(unnamed.stdout).toContain('name the file of the table with --table')

    const reported = await runCli('repro', ['report', '--records', records, '--output', page])
    expect([reported.stderr, reported.code]).toEqual(['', 0])
    expect(readFileSync(page, 'utf8')).toContain('tiny')

    const manifest = path.join(records, 'tiny/undocumented/manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('A table for tests', 'Another table'))
    const other = path.join(folder, 'others')
    const missing = await runCli('repro', ['accept', run, '--seed', '1', '--records', other, ...table])
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('Expected: 1, 2. Received: 1.')])
    expect(readdirSync(other)).toEqual([])
    const unknown = await runCli('repro', ['accept', run, '--seed', '9', '--records', other, ...table])
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('The run has no seed 9.')])

    const edited = await runCli('repro', ['check', '--records', records, ...table])
    expect(edited.code).toBe(1)
    expect(edited.stdout).toContain('The title of the table has changed since the run.')
  })

  it('are told what is wrong with the arguments', async () => {
    const empty = temporaryFolder()
    mkdirSync(path.join(empty, 'records'))
    const cases: [string[], string][] = [
      [['check', '--records', path.join(empty, 'nowhere')], '[E_ARGUMENT] There is no folder'],
      [['report', '--records', path.join(empty, 'nowhere')], '[E_ARGUMENT] There is no folder'],
      [['check', '--table', fixture('tiny.ts')], '[E_ARGUMENT] A table of your own has no records'],
      [['report', empty, '--records', empty], '[E_ARGUMENT] A report is either of runs or of a folder of records'],
      [['report', '--records', path.join(empty, 'records')], '[E_RUN_UNKNOWN] There is no record of a training'],
    ]
    for (const [args, message] of cases) {
      const { code, stderr } = await runCli('repro', args)
      expect([code, stderr.slice(2, 2 + message.length)]).toEqual([2, message])
    }
  })

  it('are compared with each other, worse or not', async () => {
    const rows = ['fashionmnist-resnets/conv', 'fashionmnist-resnets/residual'] as const
    const worse = await runCli('repro', ['compare', ...rows])
    expect([worse.code, worse.stderr]).toEqual([1, ''])
    expect(worse.stdout).toContain('The first is worse than the second (p ')
    const better = await runCli('repro', ['compare', rows[1], rows[0], '--json'])
    expect(better.code).toBe(0)
    expect(better.json()).toMatchObject({ outcome: 'open', metric: { name: 'accuracy' } })
    const missing = await runCli('repro', ['compare', rows[0], 'no/such-row'])
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('[E_RUN_UNKNOWN]')])
  })
})
