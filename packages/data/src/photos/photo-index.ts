import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import { checkInterrupted } from '../archive/interrupted.ts'
import { decodeImage, decoderVersion, ImageError, readImageSize } from '../decode/decode.ts'
import { describeImageError } from '../decode/image-error.ts'
import type { ListedPhoto } from './list.ts'

/** What was learned of a file by reading it. */
export interface PhotoFacts {
  readonly sha256: string
  readonly width: number
  readonly height: number
  /** Why it cannot be decoded, naming the file. */
  readonly fault?: string
  /** Decoded whole once. */
  readonly decoded: boolean
}

interface Entry extends PhotoFacts {
  readonly bytes: number
  readonly modified: number
}

export interface IndexOptions {
  /** Folder for the index: what was read once is not read again while size and date stay. */
  readonly cache: string
  /** Decode every image whole, not only those that look cut short. */
  readonly decodeAll: boolean
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

// Files read side by side: enough to keep a disk busy.
const parallel = 8

/** Content hash and size of every photo below `root`. @errors E_INTERRUPTED */
export async function indexPhotos(
  root: string,
  photos: readonly ListedPhoto[],
  { cache, decodeAll, onProgress, signal }: IndexOptions,
): Promise<ReadonlyMap<string, PhotoFacts>> {
  const place = path.join(cache, `${hashText(await realpath(root)).slice(0, 16)}.json`)
  const known = await readIndex(place)
  const entries = new Map<string, Entry>()
  let changed = false
  let done = 0
  let next = 0
  const work = async () => {
    while (next < photos.length) {
      const { file } = photos[next++]!
      checkInterrupted(signal)
      const { size: bytes, mtimeMs: modified } = await stat(path.join(root, file))
      const old = known[file]
      const same = old !== undefined && old.bytes === bytes && old.modified === modified
      if (same && (old.decoded || !decodeAll || old.fault !== undefined)) {
        entries.set(file, old)
      } else {
        entries.set(file, { bytes, modified, ...(await readFacts(path.join(root, file), decodeAll)) })
        changed = true
        if (done % 100 === 0) onProgress?.(done, photos.length)
      }
      done += 1
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  // Without the index all is read anew the next time; that is no reason to fail.
  if (changed) await saveIndex(place, entries).catch(() => {})
  return entries
}

async function readFacts(file: string, decode: boolean): Promise<PhotoFacts> {
  const bytes = await readFile(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  try {
    const size = await readImageSize(bytes, file)
    const check = decode || looksCutShort(bytes)
    if (check) await decodeImage(bytes, undefined, file)
    return { sha256, ...size, decoded: check }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    return { sha256, width: 0, height: 0, fault: describeImageError(error).what, decoded: true }
  }
}

/** True for a JPEG without its end marker near the end: worth a full decoding, which then decides. */
function looksCutShort(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return true
  for (let i = bytes.length - 2; i >= Math.max(0, bytes.length - 64); i--) {
    if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return false
  }
  return true
}

async function readIndex(place: string): Promise<Readonly<Record<string, Entry>>> {
  try {
    const { decoder, files } = JSON.parse(await readFile(place, 'utf8'))
    return decoder === decoderVersion ? files : {}
  } catch {
    return {}
  }
}

async function saveIndex(place: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  await mkdir(path.dirname(place), { recursive: true })
  await writeFileAtomic(place, [JSON.stringify({ decoder: decoderVersion, files: Object.fromEntries(entries) })])
}

const hashText = (text: string) => createHash('sha256').update(text).digest('hex')
