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

test.each(['64-bf16', '64-f32'])('%s is compared with what the control wrote in PyTorch', (name) => {
  const file = path.join(import.meta.dirname, '../../controls/results/imagewoof-64-f32.jsonl')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const results = lines.map((line) => JSON.parse(line) as Line)
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
