import type { Stream } from '@tricklab/core'

/** All the randomness of one batch: the upper left corner of the region kept, every place equally likely. */
export function drawCorner(
  stream: Stream,
  [rows, columns]: readonly [rows: number, columns: number],
  [height, width]: readonly [height: number, width: number],
): readonly [top: number, left: number] {
  return [stream.integer(rows - height + 1), stream.integer(columns - width + 1)]
}
