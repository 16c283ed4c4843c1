import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from './run-cli.ts'

const timeout = 180_000

describe('lab groups', () => {
  test(
    'draws every design, a square a link, with its measures',
    async () => {
      const out = path.join(mkdtempSync(path.join(tmpdir(), 'tricklab-groups-')), 'groups.html')
      const { code, stdout } = await runCli('lab', [
        'groups',
        '--channels',
        '64',
        '--channels-per-group',
        '4',
        '--out',
        out,
      ])
      expect([code, stdout]).toEqual([0, `Groups: ${out}\n`])
      const page = readFileSync(out, 'utf8')
      const section = (design: string) =>
        page.split('<section class="row">').find((part) => part.startsWith(`<h2>${design}<`))!
      const squares = (design: string) => section(design).match(/<rect /g)!.length
      expect(['4-cycles', 'none', '2-cycles', 'n-cycle', 'small-world'].map(squares)).toEqual([16, 16, 16, 16, 32])
      // In the thread's picture the first four channels out read channels 12 to 15.
      expect(section('4-cycles')).toContain('<rect x="12" y="0" width="4" height="4"')
      expect(section('4-cycles')).toContain('<td>1.33</td>')
      expect(section('none')).toContain('no pair is connected')
      expect(section('n-cycle')).toContain('<td>4.27</td>')
    },
    timeout,
  )

  test(
    'gives links and measures as JSON, of one design with its options',
    async () => {
      const small = ['--design', 'small-world', '--links', '3', '--rewire', '0', '--channels', '32']
      const { code, json } = await runCli('lab', ['groups', ...small, '--json'])
      expect(code).toBe(0)
      expect(json()).toMatchObject([
        { design: 'small-world', groups: 8, measures: { clustering: 1, pathLength: 1, components: 2, edges: 12 } },
      ])
    },
    timeout,
  )

  test(
    'says what is wrong with a design',
    async () => {
      const unknown = await runCli('lab', ['groups', '--design', '3-cycles'])
      expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('E_OPTION_RANGE')])
      const open = await runCli('lab', ['groups', '--design', '4-cycles', '--channels', '24'])
      expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('a multiple of 4 groups')])
    },
    timeout,
  )
})
