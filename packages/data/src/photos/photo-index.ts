import { createHash } from 'node:crypto'
import { lstat, readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { checkInterrupted } from '../archive/interrupted.ts'
import { decodeImage, decoderVersion, ImageError, readImageHead } from '../decode/decode.ts'
import { describeImageError, inHouseForm } from '../decode/image-error.ts'
import { readImageFile, unreadable } from '../decode/read-photo.ts'

/** What was learned of a file by reading it. */
export interface PhotoFacts {
  readonly sha256: string
  /** As they are stored. */
  readonly width: number
  readonly height: number
  /** Its EXIF orientation turns it by a quarter. */
  readonly turned: boolean
  /** Why it cannot be decoded, naming the file. */
  readonly fault?: string
  /** Decoded whole once. */
  readonly decoded: boolean
}

/** By what a file is taken for the one that was read. */
interface Stamp {
  readonly bytes: number
  readonly modified: number
  /** When anything of the file changed last: unlike the date of its content, no program can set it. */
  readonly changed: number
}

type Entry = PhotoFacts & Stamp

export interface IndexOptions {
  /** Folder for the index: what was read once is not read again while size and dates stay. */
  readonly cache: string
  /** Decode every image whole, not only those that look cut short. */
  readonly decodeAll: boolean
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

// Files read side by side: enough to keep a disk busy.
const parallel = 8

/** Content hash and size of every photo below `root`. @errors E_DATASET_READ, E_INTERRUPTED */
export async function indexPhotos(
  root: string,
  photos: readonly { readonly file: string }[],
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
      const stamp = await readStamp(path.join(root, file))
      const old = known[file]
      if ('fault' in stamp) {
        entries.set(file, { sha256: '', width: 0, height: 0, turned: false, decoded: true, ...stamp })
      } else if (isSame(old, stamp) && (old.decoded || !decodeAll || old.fault !== undefined)) {
        entries.set(file, old)
      } else {
        entries.set(file, { ...stamp, ...(await readFacts(path.join(root, file), decodeAll)) })
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

const isSame = (old: Entry | undefined, { bytes, modified, changed }: Stamp): old is Entry =>
  old?.bytes === bytes && old.modified === modified && old.changed === changed

/** Size and dates of a file; why it is none where something else has its name: reading a pipe would wait for ever. */
async function readStamp(file: string): Promise<Stamp | (Stamp & { readonly fault: string })> {
  const none = { bytes: 0, modified: 0, changed: 0 }
  try {
    const found = await stat(file)
    if (found.isFile()) return { bytes: found.size, modified: found.mtimeMs, changed: found.ctimeMs }
    const kind = found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a named pipe' : 'a device or a socket'
    return { ...none, fault: `${file} is ${kind}, not a file.` }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      const isLink = await lstat(file).catch(() => undefined)
      return { ...none, fault: isLink === undefined ? `${file} does not exist.` : `${file} is a link to nothing.` }
    }
    throw new TricklabError([describeImageError(unreadable(file, cause))])
  }
}

/** @errors E_DATASET_READ */
async function readFacts(file: string, decode: boolean): Promise<PhotoFacts> {
  const bytes = await inHouseForm(() => readImageFile(file))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  try {
    const head = await readImageHead(bytes, file)
    const check = decode || looksCutShort(bytes)
    if (check) await decodeImage(bytes, undefined, file)
    return { sha256, ...head, decoded: check }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    return { sha256, width: 0, height: 0, turned: false, fault: describeImageError(error).what, decoded: true }
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
    const { decoder, checksum, files } = JSON.parse(await readFile(place, 'utf8'))
    return decoder === decoderVersion && checksum === hashText(JSON.stringify(files)) ? files : {}
  } catch {
    return {}
  }
}

async function saveIndex(place: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  makeFolder(path.dirname(place))
  const files = JSON.stringify(Object.fromEntries(entries))
  // Who edits a size by hand would train on other crops under the digest of before.
  const head = JSON.stringify({ decoder: decoderVersion, checksum: hashText(files) })
  await writeFileAtomic(place, [`${head.slice(0, -1)},"files":${files}}`])
}

const hashText = (text: string) => createHash('sha256').update(text).digest('hex')
