import { closeSync, openSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { makeFolder } from '@tricklab/core/files'
import type { Tracker } from '../tracker.ts'
import { histogramValue, imageValue, restartRecord, scalarValue, summaryRecord, versionRecord } from './events.ts'

export interface TensorboardOptions {
  /** Folder for the event file; TensorBoard shows it as one run, under its name. */
  readonly folder: string
  /** Images of a training batch, augmented, now and then. Default false. */
  readonly images?: boolean
  /** A histogram of every weight, now and then. Default false. */
  readonly weights?: boolean
}

/**
 * Event files for TensorBoard: `tensorboard --logdir FOLDER`. A training that goes on writes a file of its own; TensorBoard
 * joins them. What a kill cuts off is passed over.
 */
export function tensorboardTracker({ folder, images = false, weights = false }: TensorboardOptions): Tracker {
  let file: number
  let held: Uint8Array[] = []
  const flush = () => {
    if (held.length > 0) writeSync(file, Buffer.concat(held))
    held = []
  }
  return {
    name: 'tensorboard',
    begin(_run, step) {
      makeFolder(folder)
      const time = Date.now()
      const seconds = String(Math.floor(time / 1000)).padStart(10, '0')
      // Readers take the files of a folder in the order of their names.
      const name = `events.out.tfevents.${seconds}.${os.hostname()}.${process.pid}.${Math.floor(performance.now() * 1000)}`
      file = openSync(path.join(folder, name), 'ax')
      held.push(versionRecord(time))
      if (step > 0) held.push(restartRecord({ time, step: step + 1 }))
      flush()
    },
    track({ step, time, values }) {
      const scalars = Object.entries(values).map(([name, value]) => scalarValue(name, value))
      held.push(summaryRecord({ step, time }, scalars))
    },
    ...(images && {
      images({ step, time, shape, images: pngs }) {
        held.push(
          summaryRecord(
            { step, time },
            pngs.map((png, index) => imageValue(`batch/image/${index}`, shape, png)),
          ),
        )
      },
    }),
    ...(weights && {
      weights({ step, time, path: name, values }) {
        held.push(summaryRecord({ step, time }, [histogramValue(`weights/${name}`, values)]))
      },
    }),
    flush,
    end() {
      flush()
      closeSync(file)
    },
  }
}
