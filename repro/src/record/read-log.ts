import { createHash } from 'node:crypto'
import type { Problem } from '@tricklab/core/errors'
import { isPlainJson } from './plain-json.ts'
import { lineShapes } from './schema.ts'
import type { LogLine } from './types.ts'

/** A line with its number in the file, counted from 1. */
type At<T> = T & { readonly line: number }
type LineOf<E extends LogLine['event']> = At<Extract<LogLine, { event: E }>>
export type StepLine = LineOf<'step'>
export type EpochLine = LineOf<'epoch'>
export type StopLine = LineOf<'stop'>
export type PredictLine = LineOf<'predict'>
export type EndLine = LineOf<'end'>

/** What happened in the run of one seed. */
export interface SeedLog {
  readonly seed: number
  readonly file: string
  /** Of its bytes. */
  readonly sha256: string
  readonly start: LineOf<'start'>
  readonly resumes: readonly LineOf<'resume'>[]
  readonly steps: readonly StepLine[]
  readonly epochs: readonly EpochLine[]
  /** Where callbacks ended the training, or a stage of it. */
  readonly stops: readonly StopLine[]
  /** Of a row with a predictor; null before it has run, and in rows without one. */
  readonly prediction: PredictLine | null
  /** All lines of predictors: a sound log has one at most. */
  readonly predictions: readonly PredictLine[]
  /** Null while the seed has not finished. */
  readonly end: EndLine | null
}

interface Source {
  readonly file: string
  readonly seed: number
  readonly content: string
  /** The manifest calls the seed done: its file must be whole. A file that is being written may end in half a line. */
  readonly done: boolean
  readonly problems: Problem[]
}

/** Problems of one file that are reported one by one; a broken file would otherwise fill the screen. */
const shownProblems = 10

/** Parses the log of one seed; adds what is wrong to `problems`. Null when nothing can be made of it. */
export function readSeedLog(source: Source): SeedLog | null {
  const found: Problem[] = []
  const lines = parseLines(source, found)
  checkOrder(source, lines, found)
  source.problems.push(...found.slice(0, shownProblems))
  if (found.length > shownProblems) {
    source.problems.push({ code: 'E_RECORD', what: `${source.file}: ${found.length - shownProblems} more problems.` })
  }
  const [start] = lines
  if (start?.event !== 'start') return null
  const predictions = lines.filter((line) => line.event === 'predict')
  return {
    seed: source.seed,
    file: source.file,
    sha256: createHash('sha256').update(source.content).digest('hex'),
    start,
    resumes: lines.filter((line) => line.event === 'resume'),
    steps: lines.filter((line) => line.event === 'step'),
    epochs: lines.filter((line) => line.event === 'epoch'),
    stops: lines.filter((line) => line.event === 'stop'),
    prediction: predictions.at(-1) ?? null,
    predictions,
    end: lines.find((line) => line.event === 'end') ?? null,
  }
}

function parseLines({ file, content, done }: Source, problems: Problem[]): At<LogLine>[] {
  const texts = content.split('\n')
  const last = texts.pop()
  if (last !== '' && done) {
    problems.push({ code: 'E_RECORD', what: `${file}, line ${texts.length + 1} is cut short: it does not end.` })
  }
  const lines: At<LogLine>[] = []
  texts.forEach((text, index) => {
    const parsed = parseLine(text)
    if (typeof parsed !== 'string') lines.push({ ...parsed, line: index + 1 })
    else problems.push({ code: 'E_RECORD', what: `${file}, line ${index + 1}: ${parsed}.` })
  })
  return lines
}

/** The line, or what is wrong with it. */
function parseLine(text: string): LogLine | string {
  if (text.trim() === '') return 'the line is empty'
  let value: { event?: unknown } | null
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `not JSON: ${(error as Error).message}`
  }
  if (!isPlainJson(text, value)) return 'a key stands twice, or a number is not written as usual'
  const event = value?.event
  if (typeof event !== 'string' || !Object.hasOwn(lineShapes, event)) {
    return `unknown event ${JSON.stringify(event)}; expected one of ${Object.keys(lineShapes).join(', ')}`
  }
  const [problem] = lineShapes[event as LogLine['event']](value, '')
  return problem ?? (value as LogLine)
}

/** `start` first and once, nothing after `end`. */
function checkOrder({ file, seed, done }: Source, lines: readonly At<LogLine>[], problems: Problem[]): void {
  const report = (line: number, what: string) =>
    problems.push({ code: 'E_RECORD', what: `${file}, line ${line}: ${what}.` })
  const [first] = lines
  if (first === undefined) {
    if (done) problems.push({ code: 'E_RECORD', what: `${file} is empty.`, expected: 'a start line.' })
    return
  }
  if (first.event !== 'start') report(first.line, `the log begins with "${first.event}" instead of "start"`)
  let ended = false
  for (const line of lines) {
    if (line.event === 'start' && line !== first) report(line.line, 'a second "start"')
    if (line.event === 'start' && line.seed !== seed) report(line.line, `seed ${line.seed} instead of ${seed}`)
    if (ended) report(line.line, `"${line.event}" after the end`)
    ended ||= line.event === 'end'
  }
}
