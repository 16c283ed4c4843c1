import { readFileSync } from 'node:fs'
import path from 'node:path'
import { normalizeRow } from '@tricklab/core/recipe'
import { expect, test } from 'vitest'
import equivalence from '../src/imagewoof-equivalence.ts'

interface Line {
  readonly seed: number
  readonly size: number
  readonly precision: string
  readonly train: number
  readonly valid: number
  readonly epochs: readonly { readonly accuracy: number }[]
}

const readLines = (name: string) =>
  readFileSync(path.join(import.meta.dirname, '../../controls/results', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

test.each(['64-bf16', '64-f32'])('%s is compared with what the control wrote in PyTorch', (name) => {
  const results = readLines('imagewoof-64-f32.jsonl')
  expect(results.map(({ seed }) => seed)).toEqual(results.map((_, index) => index + 1))
  for (const { size, precision, train, valid, epochs } of results) {
    expect({ size, precision, train, valid, epochs: epochs.length }).toEqual({
      size: 64, precision: 'f32', train: 9025, valid: 3929, epochs: 5,
    }) // biome-ignore format: one line
    // A share of the validation photos.
    expect((epochs[4]!.accuracy * valid) % 1).toBeCloseTo(0, 6)
  }
  const { reported } = normalizeRow(equivalence, name)
  expect(reported!.runs).toEqual(results.map(({ epochs }) => epochs[4]!.accuracy))
})

test('PyTorch was trained on our batches of the whole row, with the seeds that are recorded', () => {
  const row = normalizeRow(equivalence, '64-f32')
  for (const { seed, precision, train, valid, epochs } of readLines('imagewoof-64-f32-paired.jsonl')) {
    expect(row.recordedSeeds ?? row.seeds).toContain(seed)
    // Whole batches of 64 alone.
    expect({ precision, train, valid, epochs: epochs.length }).toEqual({
      precision: 'f32', train: 64 * Math.floor(9025 / 64), valid: 3929, epochs: 5,
    }) // biome-ignore format: one line
    expect((epochs[4]!.accuracy * valid) % 1).toBeCloseTo(0, 6)
  }
})
