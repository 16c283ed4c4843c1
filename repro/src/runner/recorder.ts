import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { type Callback, fail, type Json, TricklabError } from '@tricklab/core'
import type { LogLine, SeedOrigin } from '../record/types.ts'

interface SavedRecorder {
  readonly bytes: number
  readonly seconds: number
}

/** Events that the recorder hears. */
export const recorderEvents = ['beforeFit', 'beforeEpoch', 'afterBatch', 'afterEpoch', 'cleanup'] as const

type RecorderCallback = Pick<Callback, (typeof recorderEvents)[number] | 'state' | 'restore'>

/** Writes `seed-N.jsonl`. */
export interface Recorder {
  readonly callback: RecorderCallback
  /** Writes where and why a callback ended the training, or its stage. */
  stopped(line: Omit<Extract<LogLine, { event: 'stop' }>, 'event' | 'stage'>): void
  /** Writes what the row's predictor made of the validation split. */
  predicted(line: Omit<Extract<LogLine, { event: 'predict' }>, 'event' | 'seconds'>): void
  /** Writes the closing line, once weights are on disk. */
  end(line: Omit<Extract<LogLine, { event: 'end' }>, 'event' | 'time' | 'seconds'>): void
}

export interface RecorderOptions {
  readonly path: string
  readonly seed: number
  /** Where this process trains it. */
  readonly origin: SeedOrigin
  /** Seconds that training waited for batches since the last call. */
  readonly waited: () => number
  /** Throws where this process may no longer write. */
  readonly confirm: () => void
}

/**
 * Records every step and epoch of a seed.
 *
 * A checkpoint remembers how long the file was, so resuming cuts off what was written after it: the file of a resumed
 * run differs from that of an uninterrupted one only in `resume` lines and times. One recorder serves all stages.
 * @errors E_CHECKPOINT_WRITE, E_CHECKPOINT_MISMATCH when the file is shorter than at the checkpoint
 */
export function createRecorder({ path, seed, origin, waited, confirm }: RecorderOptions): Recorder {
  let file: number | undefined
  let resumeFrom: SavedRecorder | undefined
  let spent = 0
  let mark = performance.now()
  let epochStart = 0
  /** Marks lines of a training in stages; empty for others. */
  let staged: { readonly stage?: number } = {}

  const lap = () => {
    const now = performance.now()
    const seconds = (now - mark) / 1000
    mark = now
    spent += seconds
    return seconds
  }
  const onDisk = <T>(body: () => T): T => {
    try {
      return body()
    } catch (cause) {
      if (cause instanceof TricklabError) throw cause
      return fail('E_CHECKPOINT_WRITE', {
        what: `${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
        expected: 'free space and write access.',
        fix: 'free some space or choose another --out; then go on with --resume.',
        cause,
      })
    }
  }
  const write = (line: LogLine) => {
    confirm()
    onDisk(() => writeSync(file!, `${JSON.stringify(line)}\n`))
  }
  // What a checkpoint counts on must be on disk before the checkpoint is.
  const sync = () => file !== undefined && onDisk(() => fsyncSync(file!))
  const round = (seconds: number) => Math.round(seconds * 1e4) / 1e4

  const callback: RecorderCallback = {
    beforeFit({ startStep, stage }) {
      staged = stage === undefined ? {} : { stage }
      const time = new Date().toISOString()
      if (file !== undefined) {
        // A later stage goes on in the same file.
      } else if (resumeFrom === undefined) {
        file = onDisk(() => openSync(path, 'w'))
        write({ event: 'start', seed, time, origin })
      } else {
        const { bytes } = resumeFrom
        file = onDisk(() => {
          cutBack(path, bytes)
          return openSync(path, 'a')
        })
        spent = resumeFrom.seconds
        epochStart = spent
        write({ event: 'resume', step: startStep, time, origin })
      }
      mark = performance.now()
    },
    beforeEpoch({ split }) {
      if (split === 'train') {
        epochStart = spent
        waited()
      }
    },
    afterBatch({ training, epoch, step, size, loss, hyper }) {
      const seconds = round(lap())
      if (!training || hyper === undefined) return
      const { learningRate, momentum } = hyper
      write({
        event: 'step',
        ...staged,
        epoch,
        step,
        size,
        loss,
        learningRate,
        ...(momentum === undefined ? {} : { momentum }),
        seconds,
      })
    },
    afterEpoch({ epoch, step, train, valid }) {
      lap()
      const seconds = round(spent - epochStart)
      write({ event: 'epoch', ...staged, epoch, step, train, valid, seconds, waited: round(waited()) })
    },
    state(): Json {
      confirm()
      sync()
      return { bytes: onDisk(() => (file === undefined ? statSync(path) : fstatSync(file)).size), seconds: spent }
    },
    restore(state) {
      resumeFrom = state as unknown as SavedRecorder
    },
    cleanup() {
      sync()
    },
  }

  return {
    callback,
    stopped(line) {
      write({ event: 'stop', ...staged, ...line })
    },
    predicted(line) {
      const seconds = round(lap())
      write({ event: 'predict', ...line, seconds })
    },
    end(line) {
      lap()
      write({ event: 'end', time: new Date().toISOString(), seconds: round(spent), ...line })
      sync()
      closeSync(file!)
      file = undefined
    },
  }
}

/** Cuts a log to its length at the checkpoint; a shorter one would be filled up with zeros. */
function cutBack(path: string, bytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size < bytes) {
    fail('E_CHECKPOINT_MISMATCH', {
      what: `${path} is shorter than when its checkpoint was written: lines are lost.`,
      expected: `at least ${bytes} bytes.`,
      received: `${size} bytes.`,
      fix: 'put the whole file back, or run without --resume to start anew.',
    })
  }
  // 'r+' keeps what is there.
  const file = openSync(path, 'r+')
  ftruncateSync(file, bytes)
  closeSync(file)
}
