import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { decodeSafetensors, encodeSafetensors, hashTensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluateAgain, type RowOutcome, runKilled, runWhole } from './row-run.ts'
import { tinyTable } from './tiny-table.ts'

const own = {
  model: { use: 'xresnet18', layers: [1, 1], widths: [4, 4], stemWidths: [4, 4] },
  optimizer: { use: 'adamw', learningRate: 0.02, weightDecay: 0.1 },
}

const tableOf = (change: object, stages?: readonly object[]) =>
  tinyTable([], own, { row: { change, ...(stages === undefined ? {} : { stages }) } })

const weightsOf = ({ folder }: RowOutcome): StoredTensors =>
  decodeSafetensors(readFileSync(path.join(folder, 'seed-1.safetensors')), 'weights').tensors
const bitsOf = (tensors: StoredTensors, name: string) => tensors[name]!.data.join()

let start: StoredTensors
let file: string
let run: string
let sha256: string

const store = (tensors: StoredTensors) => {
  const name = path.join(mkdtempSync(path.join(tmpdir(), 'tricklab-weights-')), 'start.safetensors')
  writeFileSync(name, Buffer.concat(encodeSafetensors(tensors, {})))
  return { file: name, sha256: hashTensors(tensors) }
}

beforeAll(async () => {
  const outcome = await runWhole(tableOf({}), 'row')
  start = weightsOf(outcome)
  run = outcome.folder
  file = path.join(outcome.folder, 'seed-1.safetensors')
  sha256 = outcome.record.logs[0]!.end!.weights
})

describe('a training that begins with weights', () => {
  test('takes all but what is excepted from the file; what is frozen keeps its bits, batch norm goes on', async () => {
    const weights = { file, sha256, except: ['head'] }
    const frozen = [
      { match: 'stem', role: 'weight', freeze: true },
      { match: 'stage1', freeze: true },
    ]
    const outcome = await runWhole(tableOf({ weights, params: frozen }), 'row')
    const after = weightsOf(outcome)
    for (const name of Object.keys(start)) {
      const kept = bitsOf(after, name) === bitsOf(start, name)
      const isFrozen = /^stage1\/.*(weight|gamma|beta)$|^stem\/.*weight$/.test(name)
      expect(kept, name).toBe(isFrozen)
    }
    expect((await evaluateAgain(tableOf({ weights, params: frozen }), 'row', outcome)).seeds).toMatchObject([
      { equal: true },
    ])

    // Rate 0 moves no weight either: then only the head is not the file's.
    const still = await runWhole(tableOf({ weights, optimizer: { learningRate: 0 } }), 'row')
    const untouched = weightsOf(still)
    for (const name of Object.keys(start).filter((name) => !/mean|variance/.test(name))) {
      expect(bitsOf(untouched, name) === bitsOf(start, name), name).toBe(!name.startsWith('head'))
    }
  })

  test('takes those of a finished seed of a run, by its folder', async () => {
    const optimizer = { learningRate: 0 }
    const [ofFile, ofRun] = [
      await runWhole(tableOf({ weights: { file, sha256 }, optimizer }), 'row'),
      await runWhole(tableOf({ weights: { run, seed: 1, sha256 }, optimizer }), 'row'),
    ]
    expect(ofRun.record.logs[0]!.end!.weights).toBe(ofFile.record.logs[0]!.end!.weights)
  })

  test('in stages, first the head and then all with small rates, ends the same when it is killed', async () => {
    const stages = [
      { epochs: 1, params: [{ match: 'st*', role: ['weight', 'bias'], freeze: true }] },
      { epochs: 1, params: [{ match: 'st*', learningRate: 0.1, weightDecay: 0 }] },
    ]
    const table = tableOf({ weights: { file, sha256 } }, stages)
    const { lines, batches } = await runWhole(table, 'row')
    for (const seed of [1, 2, 3]) expect((await runKilled(table, 'row', batches, seed)).lines).toEqual(lines)
  })
})

test('a factor of the rate is a smaller rate, bit by bit', async () => {
  const plain = await runWhole(tableOf({ optimizer: { learningRate: 0.005 } }), 'row')
  const scaled = await runWhole(tableOf({ params: [{ match: '**', learningRate: 0.25 }] }), 'row')
  expect(scaled.record.logs[0]!.end!.weights).toBe(plain.record.logs[0]!.end!.weights)
})

describe('refused before the first step', () => {
  test.each([
    [
      'another file',
      () => ({ weights: { file, sha256: '0'.repeat(64) } }),
      /^\[E_WEIGHTS\].*does not hold the weights/,
    ],
    ['no file', () => ({ weights: { file: 'no/such', sha256 } }), /^\[E_WEIGHTS\].*cannot be read/],
    [
      'other weights of a run',
      () => ({ weights: { run, seed: 1, sha256: '0'.repeat(64) } }),
      /^\[E_WEIGHTS\].*seed-1\.safetensors does not hold the weights/,
    ],
    [
      'a run that is not there',
      () => ({ weights: { run: 'no/such', seed: 1, sha256 } }),
      /^\[E_RUN_UNKNOWN\] There is no run at "no\/such"\./,
    ],
    [
      'a seed that the run has not ended',
      () => ({ weights: { run, seed: 7, sha256 } }),
      /^\[E_RUN_UNKNOWN\].*has no finished seed 7\. Expected: one of 1\./,
    ],
    [
      'a tensor too few',
      () => {
        const { 'head/linear/bias': _, ...rest } = start
        return { weights: store(rest) }
      },
      /^\[E_WEIGHTS\].*does not fit the parameter "head\/linear\/bias".*Received: nothing\.[^\n]*$/,
    ],
    [
      'a tensor too many',
      () => ({ weights: store({ ...start, odd: start['head/linear/bias']! }) }),
      /^\[E_WEIGHTS\].*has a tensor "odd" that the model has no place for/,
    ],
    [
      'a tensor of another shape',
      () => ({ weights: { file, sha256 }, model: { widths: [4, 8] } }),
      /E_WEIGHTS.*"head\/linear\/weight".*float32 \[8,3\].*float32 \[4,3\]/,
    ],
    [
      'an exception that is not there',
      () => ({ weights: { file, sha256, except: ['haed'] } }),
      /"haed", which the model/,
    ],
    [
      'a group that matches nothing',
      () => ({ params: [{ match: 'body', freeze: true }] }),
      /^\[E_PARAMS\] tiny\/row: /,
    ],
    ['all frozen', () => ({ params: [{ match: '**', freeze: true }] }), /^\[E_PARAMS\].*freeze every parameter/],
  ])('%s', async (_, change, message) => {
    await expect(runWhole(tableOf(change()), 'row')).rejects.toThrow(message)
  })

  test('in a later stage too', async () => {
    const stages = [{ epochs: 1 }, { epochs: 1, params: [{ match: 'body', freeze: true }] }]
    await expect(runWhole(tableOf({}, stages), 'row')).rejects.toThrow(/^\[E_PARAMS\] tiny\/row stage 2: /)
  })
})
