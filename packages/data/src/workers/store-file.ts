import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Pixels } from '../pixels/resample.ts'
import type { SharedStore, StoredImage } from './protocol.ts'

// One file at a time in a thread, held open: a recipe has one dataset.
let open: { readonly path: string; readonly file: number } | undefined

/** A decoded image out of the file; undefined when it is not there, or not as it was written. */
export function readStored(store: SharedStore, { index, offset, width, height }: StoredImage): Pixels | undefined {
  const filled = new Uint8Array(store.filled)
  if (Atomics.load(filled, index) !== 1) return undefined
  const data = new Uint8Array(width * height * 3)
  try {
    let done = 0
    while (done < data.length) {
      const read = readSync(fileOf(store), data, done, data.length - done, offset + done)
      if (read === 0) break
      done += read
    }
    // What a crash or another program did to the file shows here; the image is then decoded and stored anew.
    if (done === data.length && crc32(data) === new Uint32Array(store.checksums)[index]) return { data, width, height }
  } catch {
    // Gone or unreadable: decode.
  }
  Atomics.store(filled, index, 0)
  return undefined
}

/** Puts a decoded image into the file. A disk that is full is counted: it costs the speed-up, never the run. */
export function writeStored(store: SharedStore, { index, offset, width, height }: StoredImage, pixels: Pixels): void {
  const { data } = pixels
  if (pixels.width !== width || pixels.height !== height) return
  try {
    let done = 0
    while (done < data.length) done += writeSync(fileOf(store), data, done, data.length - done, offset + done)
  } catch {
    Atomics.add(new Int32Array(store.failures), 0, 1)
    return
  }
  new Uint32Array(store.checksums)[index] = crc32(data)
  Atomics.store(new Uint8Array(store.filled), index, 1)
}

function fileOf({ path }: SharedStore): number {
  if (open?.path === path) return open.file
  if (open !== undefined) closeSync(open.file)
  open = undefined
  open = { path, file: openSync(path, 'r+') }
  return open.file
}
