import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fail, type Json } from '@tricklab/core'
import { failAll } from '@tricklab/core/errors'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { hashJson } from '@tricklab/core/hash'
import type { MeasurementTable } from '@tricklab/core/recipe'
import { isPlainJson } from '../record/plain-json.ts'
import { engineShape, environmentShape } from '../record/schema.ts'
import { anything, count, digest, listOf, nullable, number, objectOf, oneOf, text, time } from '../record/shape.ts'
import { measuredOf } from './read.ts'
import type { MeasurementRecord } from './types.ts'

export const fileName = 'measurement.json'

const flag = (value: unknown, at: string) => (typeof value === 'boolean' ? [] : [`${at}: expected true or false`])

const shape = objectOf(
  {
    schema: oneOf(1),
    table: text,
    title: text,
    source: text,
    measuredHash: digest,
    measured: anything,
    engine: engineShape,
    environment: environmentShape,
    loadAtStart: number,
    turns: count,
    steps: count,
    partial: flag,
    started: time,
    ended: time,
    samples: listOf(
      objectOf({
        series: text,
        quantity: oneOf('time', 'memory', 'train', 'predict', 'latency'),
        side: nullable(count),
        turns: listOf(listOf(number)),
      }),
    ),
  },
  { seal: digest },
)

/** True for the folder of a measured table, as opposed to that of a trained row. */
export const isMeasurement = (folder: string): boolean => existsSync(path.join(folder, fileName))

/** Hash of what a table measures, as of today. */
export const measuredHash = (table: MeasurementTable): string => hashJson(measuredOf(table) as Json)

/** Writes a record into a folder of its own below `out`. Returns the folder. @errors E_OUT_WRITE */
export async function writeMeasurement(out: string, record: MeasurementRecord): Promise<string> {
  const folder = path.resolve(out, record.table, record.started.slice(0, 19).replaceAll(':', '-'))
  try {
    makeFolder(folder)
    await writeFileAtomic(path.join(folder, fileName), [`${JSON.stringify(record)}\n`])
  } catch (cause) {
    fail('E_OUT_WRITE', {
      what: `${folder} cannot be written: ${(cause as Error).message}.`,
      expected: 'a folder with write access.',
      received: `--out ${out}.`,
      fix: 'choose another folder with --out, or mend its permissions.',
      cause,
    })
  }
  return folder
}

/** Reads a record, strictly. @errors E_RUN_UNKNOWN, E_RECORD */
export function readMeasurement(folder: string): MeasurementRecord {
  const file = path.join(folder, fileName)
  if (!existsSync(file)) {
    fail('E_RUN_UNKNOWN', {
      what: `There is no measurement at "${folder}".`,
      expected: `a folder with a ${fileName}.`,
      fix: 'name the folder of a run, or make one with pnpm repro TABLE.',
    })
  }
  let value: unknown
  let content: string
  try {
    content = readFileSync(file, 'utf8')
    value = JSON.parse(content)
  } catch (cause) {
    fail('E_RECORD', { what: `${file} is not JSON: ${(cause as Error).message}.`, cause })
  }
  if (!isPlainJson(content, value)) {
    fail('E_RECORD', {
      what: `${file} has a key twice, or a number in an unusual form.`,
      fix: 'undo the edit.',
    })
  }
  failAll(shape(value, '').map((what) => ({ code: 'E_RECORD' as const, what: `${file}: ${what}.` })))
  return value as MeasurementRecord
}

/** The hash that an accepted record carries: of everything else in it. */
export function sealOf({ seal: _seal, ...record }: MeasurementRecord): string {
  return hashJson(record as unknown as Json)
}
