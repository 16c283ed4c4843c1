import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** An empty folder with the packages that a user has installed, and files of the user's own. */
function userFolder(files: { readonly [name: string]: string }): string {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, 'node_modules/@tricklab'), { recursive: true })
  for (const name of ['core', 'data', 'nn', 'optim']) {
    symlinkSync(path.join(root, 'packages', name), path.join(folder, 'node_modules/@tricklab', name))
  }
  const manifest = '{ "name": "mine", "private": true, "type": "module" }\n'
  for (const [name, text] of Object.entries({ 'package.json': manifest, ...files })) {
    writeFileSync(path.join(folder, name), text)
  }
  return folder
}

const trick = `import { definePlugin, opt } from '@tricklab/core'

enum Side { Left, Right }

export default definePlugin({
  name: 'mine',
  core: '*',
  register: (on) =>
    on.schedule('mine', {
      doc: 'A constant rate.',
      options: { share: opt.number({ min: 0, default: Side.Right, doc: 'Share of the rate.' }) },
      create: ({ share }, { learningRate }) => ({ at: () => ({ learningRate: share * learningRate }) }),
    }),
})
`

const table = `import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import mine from './my-trick.ts'

export default defineTable({
  id: 'mine',
  title: 'A table of my own',
  source: 'my desk',
  plugins: [data, nn, optim, mine],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 3, imageSize: 12, trainSize: 96, validSize: 48 },
      normalize: { kind: 'none' },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] },
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.01 },
    schedule: 'mine',
    metrics: ['accuracy'],
    epochs: 1,
    batchSize: 32,
    seeds: [1, 2],
  },
  rows: { plain: {}, half: { change: { schedule: { share: 0.5 } } } },
})
`

describe('in a folder outside the repository', () => {
  it('runs a table in TypeScript with a trick in TypeScript, in processes side by side, and keeps runs there', async () => {
    const cwd = userFolder({ 'my-trick.ts': trick, 'my-table.ts': table })
    const args = ['repro', './my-table.ts#half', '--engine', 'wasm', '--jobs', '2', '--json']
    const result = await runCli('tricklab', args, { cwd })
    expect(result.stderr).toContain('Report:')
    expect(result.code).toBe(0)
    const [row] = result.json().rows
    expect(row).toMatchObject({ row: 'half', verdict: 'measured' })
    expect(row.measured.values).toHaveLength(2)
    expect(readdirSync(path.join(cwd, 'runs/mine'))).toEqual(['half'])
    expect(readdirSync(path.join(cwd, row.record))).toContain('report.html')
  })

  it('looks into rows of that table', async () => {
    const cwd = userFolder({ 'my-trick.ts': trick, 'my-table.ts': table })
    const explained = await runCli('tricklab', ['lab', 'explain', './my-table.ts#plain'], { cwd })
    expect(explained.stdout).toContain('adamw has stepped, at the rate of mine')
    const summary = await runCli('tricklab', ['lab', 'summary', './my-table.ts#plain', '--json'], { cwd })
    expect(summary.code).toBe(0)
    expect(JSON.parse(summary.stdout).layers.length).toBeGreaterThan(3)
  })

  it.each([
    ['another export', table.replace('export default', 'export const mine2 ='), 'no default export', 'export mine2'],
    ['a missing package', 'import "no-such-trick"', "Cannot find package 'no-such-trick'", 'npm install no-such-trick'],
    ['a syntax error', 'export default (', 'Unexpected end of file', 'mend the file'],
  ])('says what is wrong with a table file: %s', async (_what, text, message, fix) => {
    const cwd = userFolder({ 'my-trick.ts': trick, 'my-table.ts': text })
    const result = await runCli('tricklab', ['repro', './my-table.ts'], { cwd })
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
    expect(result.stderr).toContain('[E_RECIPE] ./my-table.ts')
    expect(result.stderr).toContain(message)
    expect(result.stderr.slice(result.stderr.indexOf('Fix:'))).toContain(fix)
    expect(result.code).toBe(2)
    expect(readdirSync(cwd)).not.toContain('runs')
  })

  it('names a wrong option of the trick before anything starts', async () => {
    const cwd = userFolder({ 'my-trick.ts': trick, 'my-table.ts': table.replace('share: 0.5', 'shar: 0.5') })
    const result = await runCli('tricklab', ['repro', './my-table.ts'], { cwd })
    expect(result.stderr).toContain('[E_OPTION_UNKNOWN]')
    expect(result.stderr).toContain('did you mean "share"?')
    expect(result.code).toBe(2)
  })
})
