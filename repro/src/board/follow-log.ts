import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { LogLine } from '../record/types.ts'

type LineOf<E extends LogLine['event']> = Extract<LogLine, { event: E }>
type Step = Pick<LineOf<'step'>, 'epoch' | 'step' | 'size' | 'loss' | 'learningRate' | 'seconds'>

/** What the log of a seed has told so far. */
export interface FollowedLog {
  readonly steps: readonly Step[]
  readonly epochs: readonly LineOf<'epoch'>[]
  readonly end: LineOf<'end'> | undefined
}

interface Followed {
  readonly steps: Step[]
  readonly epochs: LineOf<'epoch'>[]
  end: LineOf<'end'> | undefined
  /** Bytes that are read; always the end of a line. */
  offset: number
}

const begin = (): Followed => ({ steps: [], epochs: [], end: undefined, offset: 0 })

/** Reads logs that others are writing: every call reads only what has been added since the last. */
export function createLogFollower(): (file: string) => FollowedLog {
  const known = new Map<string, Followed>()
  return (file) => {
    const before = known.get(file) ?? begin()
    const log = advance(file, before) ? before : begin()
    // Resuming had cut the file back, and it is another one by now.
    if (log !== before) advance(file, log)
    known.set(file, log)
    return log
  }
}

/** Takes in what is new; false where the file does not go on from what was read of it. */
function advance(file: string, log: Followed): boolean {
  const bytes = readFrom(file, log.offset)
  if (bytes === undefined) return log.offset === 0
  const end = bytes.lastIndexOf('\n') + 1
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
  for (const [index, text] of lines.entries()) {
    const line = parse(text)
    if (line === undefined && index === 0) return false
    if (line !== undefined) take(log, line)
  }
  log.offset += end
  return true
}

function take(log: Followed, line: LogLine): void {
  if (line.event === 'step') {
    const { epoch, step, size, loss, learningRate, seconds } = line
    // A log that was cut back tells of a step again.
    while ((log.steps.at(-1)?.step ?? 0) >= step) log.steps.pop()
    while ((log.epochs.at(-1)?.step ?? 0) >= step) log.epochs.pop()
    log.steps.push({ epoch, step, size, loss, learningRate, seconds })
  } else if (line.event === 'epoch') log.epochs.push(line)
  else if (line.event === 'end') log.end = line
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Undefined where there is no file, or a shorter one. */
function readFrom(path: string, offset: number): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fstatSync(file)
    if (size < offset) return undefined
    const bytes = Buffer.alloc(size - offset)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset))
  } finally {
    closeSync(file)
  }
}
