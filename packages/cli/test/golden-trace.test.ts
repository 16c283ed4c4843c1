import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

/** What a row did: the loss of every step, loss and accuracy on the validation images, the digest of the weights. */
interface Trace {
  readonly losses: readonly number[]
  readonly result: { readonly loss: number; readonly accuracy: number }
  readonly weights: string
}

const file = path.join(import.meta.dirname, 'golden/trace.json')
const command = 'GOLDEN_TRACE=write npx vitest run packages/cli/test/golden-trace.test.ts'
const golden = JSON.parse(readFileSync(file, 'utf8')) as { readonly [row: string]: Trace }

const consequence = `Numbers changed, so this is a major change: its changeset says "major" and, in the line "Results:", what happens
to results. When that is meant, \`${command}\` stores the new trace; otherwise find what moved them.`

/** The engine cpu computes in JavaScript alone: its bits are the same on every machine. */
async function trace(row: string): Promise<Trace> {
  const out = temporaryFolder()
  const result = await runCli('repro', [
    `${fixture('golden.ts')}#${row}`,
    '--engine',
    'cpu',
    '--seed',
    '1',
    '--out',
    out,
  ])
  expect(result.stderr).toContain('Report:')
  const [run] = readdirSync(path.join(out, 'golden', row))
  const lines = readFileSync(path.join(out, 'golden', row, run!, 'seed-1.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return {
    losses: lines.filter(({ event }) => event === 'step').map(({ loss }) => loss),
    result: lines.at(-1).result,
    weights: lines.at(-1).weights,
  }
}

describe('thirty steps give the numbers of the last major version', () => {
  it.each(['plain', 'tricks'])(
    '%s',
    async (row) => {
      const found = await trace(row)
      expect(found.losses).toHaveLength(30)
      expect(new Set(found.losses).size).toBe(30)
      if (process.env.GOLDEN_TRACE === 'write') {
        const stored = { ...JSON.parse(readFileSync(file, 'utf8')), command, [row]: found }
        writeFileSync(file, `${JSON.stringify(stored, null, 2)}\n`)
        return
      }
      expect(found, consequence).toEqual(golden[row])
    },
    600_000,
  )
})
