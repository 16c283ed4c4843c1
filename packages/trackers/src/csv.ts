import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import type { Point, Tracker } from './tracker.ts'

const ofSteps = ['loss', 'learningRate', 'momentum', 'imagesPerSecond']

/**
 * A CSV file with a line for every step and every epoch, which a spreadsheet or `pandas.read_csv` reads. The columns are
 * `step,epoch,time`, those of steps, and `train/…` and `valid/…`; what a line does not tell is empty. Epochs count from 1.
 * @param file made anew, or cut back to where a training goes on
 */
export function csvTracker(file: string): Tracker {
  let columns: readonly string[] = []
  let handle: number
  let held: string[] = []
  const flush = () => {
    if (held.length > 0) writeSync(handle, held.join(''))
    held = []
  }
  return {
    name: 'csv',
    async begin({ scores }, step) {
      const ofEpochs = [
        ...['smoothLoss', ...scores].map((name) => `train/${name}`),
        ...scores.map((name) => `valid/${name}`),
      ]
      columns = [...ofSteps, ...ofEpochs]
      const head = `step,epoch,time,${columns.join(',')}\n`
      makeFolder(path.dirname(path.resolve(file)))
      const before = step > 0 ? keptLines(file, head, step) : ''
      await writeFileAtomic(file, [head, before])
      handle = openSync(file, 'a')
    },
    track(point) {
      held.push(lineOf(point, columns))
    },
    flush,
    end() {
      flush()
      closeSync(handle)
    },
  }
}

function lineOf({ step, epoch, time, values }: Point, columns: readonly string[]): string {
  const cells = columns.map((name) => values[name] ?? '')
  return `${[step, epoch + 1, new Date(time).toISOString(), ...cells].join(',')}\n`
}

/** The whole lines of a file, head apart, that tell of steps up to this one; none where it has another head. */
function keptLines(file: string, head: string, step: number): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  if (!text.startsWith(head)) return ''
  const lines = text.slice(head.length).split('\n').slice(0, -1)
  return lines
    .filter((line) => Number.parseInt(line, 10) <= step)
    .map((line) => `${line}\n`)
    .join('')
}
