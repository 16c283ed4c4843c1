import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fail } from '@tricklab/core'
import type { MetricTraits } from '@tricklab/core/recipe'
import { findAccepted } from '../accepted/accepted.ts'
import { metricOf } from '../record/metrics.ts'
import { readRecord } from '../record/read.ts'
import { mainMetric } from '../verdict/verdict-row.ts'

/** One side of a comparison: what several trainings of one recipe ended with. */
export interface Side {
  /** As a reader would name it: `imagewoof-equivalence/64-bf16, native, bf16`. */
  readonly name: string
  /** Final validation scores by seed. */
  readonly scores: ReadonlyMap<number, Readonly<Record<string, number>>>
  /** Recipe and data; undefined for results that another program wrote. */
  readonly recipe?: { readonly hash: string; readonly digest: string }
  /** Number of validation images; undefined where it is not told. */
  readonly valid: number | undefined
  /** Direction and format of a metric. */
  readonly metric: (name: string) => MetricTraits | undefined
  /** The metric that its verdict is about; undefined where nothing says so. */
  readonly judged: string | undefined
}

/**
 * Reads one side: the folder of a run, `TABLE/ROW` of an accepted record, or a `.jsonl` file with a line a seed as the
 * programs in `controls/` write it.
 * @errors E_RUN_UNKNOWN, E_RECORD; E_ARGUMENT for a run that was shortened or has no finished seed, or a malformed line
 */
export async function readSide(given: string, records?: string): Promise<Side> {
  const side = given.endsWith('.jsonl') ? await readResults(given) : await readRun(folderOf(given, records))
  if (side.scores.size === 0) {
    fail('E_ARGUMENT', {
      what: `No seed of ${given} has finished.`,
      expected: 'at least one finished seed.',
      fix: 'let the run finish: `pnpm repro TABLE/ROW --resume`.',
    })
  }
  return side
}

function folderOf(given: string, records: string | undefined): string {
  if (existsSync(given)) return given
  const [table, row, ...more] = given.split('/')
  const found = table && row && more.length === 0 ? findAccepted(table, row, records) : undefined
  return found ?? given
}

async function readRun(folder: string): Promise<Side> {
  const { manifest, logs } = await readRecord(folder)
  if (manifest.partial !== null) {
    fail('E_ARGUMENT', {
      what: `${folder} is a shortened run.`,
      expected: 'a run of the whole recipe.',
      received: `a run with ${JSON.stringify(manifest.partial)}.`,
      fix: 'run the row without --epochs, --limit-train and --limit-valid.',
    })
  }
  const ends = logs.flatMap(({ seed, end }) => (end === null ? [] : [[seed, end] as const]))
  const { engine, recipeHash, dataset } = manifest
  return {
    name: `${manifest.table}/${manifest.row}, ${engine.name}, ${engine.precision}`,
    scores: new Map(ends.map(([seed, { result }]) => [seed, result])),
    recipe: { hash: recipeHash, digest: dataset.digest },
    valid: dataset.valid,
    metric: (name) => metricOf(manifest, name),
    judged: manifest.reported?.metric ?? mainMetric(ends.map(([, end]) => end)),
  }
}

/** What a program in `controls/` writes a seed. */
interface ResultLine {
  readonly seed: number
  readonly valid?: number
  /** Validation scores after each epoch. */
  readonly epochs: readonly Readonly<Record<string, number>>[]
}

async function readResults(file: string): Promise<Side> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    fail('E_RUN_UNKNOWN', {
      what: `${file} cannot be read: ${(cause as Error).message}.`,
      expected: 'a file of results with one JSON object a line.',
      fix: 'check the path.',
      cause,
    })
  })
  const scores = new Map<number, Readonly<Record<string, number>>>()
  let valid: number | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const result = parseLine(line) ?? failLine(file, index + 1, line)
    if (scores.has(result.seed)) failTwice(file, index + 1, result.seed)
    scores.set(result.seed, result.epochs.at(-1)!)
    valid ??= result.valid
  }
  return { name: file, scores, valid, metric: () => undefined, judged: undefined }
}

function parseLine(line: string): ResultLine | undefined {
  try {
    const value = JSON.parse(line) as ResultLine
    const last = value.epochs.at(-1)!
    const isScore = (score: unknown) => typeof score === 'number' && Number.isFinite(score)
    return Number.isSafeInteger(value.seed) && Object.values(last).every(isScore) ? value : undefined
  } catch {
    return undefined
  }
}

function failLine(file: string, line: number, received: string): never {
  fail('E_ARGUMENT', {
    what: `${file}:${line} is no result of a seed.`,
    expected: '{"seed": 1, "epochs": [{"accuracy": 0.7, …}, …]}, with scores after each epoch.',
    received: received.slice(0, 120),
    fix: 'write one JSON object a line, as the programs in controls/ do.',
  })
}

function failTwice(file: string, line: number, seed: number): never {
  fail('E_ARGUMENT', {
    what: `${file}:${line} has seed ${seed} a second time.`,
    expected: 'one line for every seed.',
    fix: 'remove one of the two lines.',
  })
}
