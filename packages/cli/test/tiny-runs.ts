import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { fixture } from './run-cli.ts'

/** A row of the tiny table, as the command line takes it. */
export const tiny = (row: string) => `${fixture('tiny.ts')}#${row}`

/** The only run of a row below `out`. */
export function runFolder(out: string, row = 'plain', table = 'tiny'): string {
  const parent = path.join(out, table, row)
  const [name, ...others] = readdirSync(parent)
  expect(others).toEqual([])
  return path.join(parent, name!)
}

export const logLines = (folder: string, seed: number) =>
  readFileSync(path.join(folder, `seed-${seed}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** What must be equal between runs: everything but times, memory and the marks of resuming. */
export function comparable(folder: string, seed: number) {
  return logLines(folder, seed)
    .filter((line) => line.event !== 'resume')
    .map(({ time: _time, seconds: _seconds, waited: _waited, peakMemoryMiB: _memory, ...line }) => line)
}
