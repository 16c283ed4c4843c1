import type { Shape } from '@tricklab/core'
import {
  bytesField,
  doubleField,
  doublesField,
  type Field,
  floatField,
  intField,
  message,
} from '@tricklab/core/protobuf'
import { maskedCrc32c } from './crc32c.ts'

/**
 * The messages of TensorFlow's event.proto and summary.proto that TensorBoard reads scalars, images and histograms from,
 * and the frame of a record file around them: length, its CRC, message, its CRC.
 */

/** One value of a summary, under a tag. */
export type Value = Field

export const scalarValue = (tag: string, value: number): Value =>
  bytesField(1, message(bytesField(1, tag), floatField(2, value)))

const colours = 3

export function imageValue(tag: string, [height, width]: Shape, png: Uint8Array): Value {
  const image = message(intField(1, height), intField(2, width), intField(3, colours), bytesField(4, png))
  return bytesField(1, message(bytesField(1, tag), bytesField(4, image)))
}

/** Equally wide parts of a range and how many values lie in each; a part holds its upper limit. */
export function histogramValue(tag: string, values: Float32Array, parts = 30): Value {
  let [min, max, sum, squares] = [Infinity, -Infinity, 0, 0]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    squares += value * value
  }
  const width = (max - min) / parts
  const counts = new Array<number>(width > 0 ? parts : 1).fill(0)
  for (const value of values) counts[width > 0 ? Math.min(parts - 1, Math.floor((value - min) / width)) : 0]!++
  const limits = counts.map((_, index) => (index === counts.length - 1 ? max : min + (index + 1) * width))
  const histogram = message(
    doubleField(1, min),
    doubleField(2, max),
    doubleField(3, values.length),
    doubleField(4, sum),
    doubleField(5, squares),
    doublesField(6, limits),
    doublesField(7, counts),
  )
  return bytesField(1, message(bytesField(1, tag), bytesField(5, histogram)))
}

interface Moment {
  /** @unit ms since 1970 */
  readonly time: number
  readonly step: number
}

const event = ({ time, step }: Moment, content: Field) =>
  message(doubleField(1, time / 1000), intField(2, step), content)

/** The first record of every file. */
export const versionRecord = (time: number): Uint8Array =>
  record(event({ time, step: 0 }, bytesField(3, 'brain.Event:2')))

const sessionStart = 1

/** A training goes on: what other files tell of this step and later ones is void. */
export const restartRecord = (at: Moment): Uint8Array =>
  record(event(at, bytesField(7, message(intField(1, sessionStart)))))

export const summaryRecord = (at: Moment, values: readonly Value[]): Uint8Array =>
  record(event(at, bytesField(5, message(...values))))

function record(parts: readonly Uint8Array[]): Uint8Array {
  const data = Buffer.concat(parts)
  const result = Buffer.alloc(data.length + 16)
  result.writeBigUInt64LE(BigInt(data.length), 0)
  result.writeUInt32LE(maskedCrc32c(result.subarray(0, 8)), 8)
  data.copy(result, 12)
  result.writeUInt32LE(maskedCrc32c(data), 12 + data.length)
  return result
}
