import { createHash } from 'node:crypto'
import { open, readFile, statfs, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { ImageSize } from '@tricklab/core/contracts'
import { cacheFolder, makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { decoderVersion } from '../decode/decode.ts'
import { readNumber } from '../environment.ts'
import type { SharedStore, StoredImage } from './protocol.ts'
import { pruneStores } from './prune-stores.ts'

/** An image that may be kept, in the size to which it is decoded. */
export interface StoredContent extends ImageSize {
  /** What it is: equal for equal images, wherever they lie. */
  readonly content: string
}

/**
 * Decoded images of a dataset in one file of the cache, filled by whoever decodes an image first, so that later epochs
 * and later runs read instead of decoding. Every image carries a checksum; one that does not match is decoded anew, so
 * a crash at any moment or several processes at once do no harm.
 */
export interface DecodedStore {
  readonly shared: SharedStore
  /** Of the image with this index among those given. */
  place(index: number): StoredImage
  /** Makes what was filled known to later runs. */
  save(): Promise<void>
}

export interface DecodedStoreOptions {
  readonly folder: string
  /** Most that all files may take, in bytes; 0 turns the store off. */
  readonly limitBytes: number
  /** Told why images are not kept, where that was not asked for. */
  readonly notice: (message: string) => void
}

/** Imagewoof and Imagenette at 320 px take 5.4 each. */
const defaultGigabytes = 6

/**
 * The cache of this machine. `TRICKLAB_DECODED_GB` sets the limit; 0 turns it off.
 * @errors E_OPTION_RANGE when it is no number
 */
export function decodedStoreOptions(
  notice: DecodedStoreOptions['notice'],
  env: NodeJS.ProcessEnv = process.env,
): DecodedStoreOptions {
  const gigabytes = readNumber('TRICKLAB_DECODED_GB', env) ?? defaultGigabytes
  return { folder: path.join(cacheFolder(env), 'photos', 'decoded'), limitBytes: gigabytes * 1e9, notice }
}

/**
 * The file is that of these images in any order, so that one serves all random splits of a dataset. Files of other images
 * are removed, the one used longest ago first, where all would exceed the limit.
 * @returns undefined when the images do not fit the limit or the disk: they are then decoded every time
 */
export async function openDecodedStore(
  images: readonly StoredContent[],
  { folder, limitBytes, notice }: DecodedStoreOptions,
): Promise<DecodedStore | undefined> {
  const { keys, places, total } = layOut(images)
  if (limitBytes === 0) return undefined
  const consequence = 'photos are decoded anew in every epoch'
  if (total > limitBytes) {
    const [wanted, limit] = [Math.ceil(total / 1e8) / 10, limitBytes / 1e9]
    notice(
      `decoded images would take ${wanted} GB, more than the ${limit} of TRICKLAB_DECODED_GB: ${consequence}; ` +
        `set TRICKLAB_DECODED_GB=${Math.ceil(wanted)} to keep them, or 0 for silence`,
    )
    return undefined
  }
  const key = createHash('sha256').update(`3 ${decoderVersion} ${keys.join()}`).digest('hex').slice(0, 24)
  const data = path.join(folder, `${key}.images`)
  const table = path.join(folder, `${key}.table`)
  try {
    makeFolder(folder)
    await pruneStores(folder, data, limitBytes - total)
    await prepareFile(data, total, folder)
    await touch(data)
  } catch (error) {
    notice(`decoded images cannot be kept in ${folder} (${(error as Error).message}): ${consequence}`)
    return undefined
  }
  const checksums = new SharedArrayBuffer(4 * keys.length)
  const filled = new SharedArrayBuffer(keys.length)
  const saved = await readFile(table).catch(() => undefined)
  if (saved?.length === 5 * keys.length) {
    new Uint8Array(checksums).set(saved.subarray(0, 4 * keys.length))
    new Uint8Array(filled).set(saved.subarray(4 * keys.length))
  }
  const count = () => new Uint8Array(filled).reduce((sum, byte) => sum + byte, 0)
  let known = count()
  const failures = new SharedArrayBuffer(4)
  let told = false
  return {
    shared: { path: data, checksums, filled, failures },
    place: (index) => places[index]!,
    async save() {
      await touch(data)
      const failed = Atomics.load(new Int32Array(failures), 0)
      if (failed > 0 && !told) {
        notice(`${failed} decoded images could not be written to ${data}; they are decoded anew in every epoch`)
        told = true
      }
      if (count() === known) return
      known = count()
      // Without its table the file is of no use the next time; that is no reason to fail.
      await writeFileAtomic(table, [Buffer.concat([Buffer.from(checksums), Buffer.from(filled)])]).catch(() => {})
    },
  }
}

/** Where every image lies: one after the other by what they are, equal ones in one place. */
function layOut(images: readonly StoredContent[]) {
  const keyOf = ({ content, width, height }: StoredContent) => `${content} ${width} ${height}`
  const byKey = new Map(images.map((image) => [keyOf(image), image]))
  const keys = [...byKey.keys()].sort()
  const slots = new Map<string, StoredImage>()
  let total = 0
  for (const [index, key] of keys.entries()) {
    const { width, height } = byKey.get(key)!
    slots.set(key, { index, offset: total, width, height })
    total += width * height * 3
  }
  return { keys, places: images.map((image) => slots.get(keyOf(image))!), total }
}

/** Marks a file as used now: what was used longest ago is removed first. */
async function touch(file: string): Promise<void> {
  // A mark that cannot be set costs the file its place in the cache, at worst.
  await utimes(file, new Date(), new Date()).catch(() => {})
}

/** Makes the file as long as it will be; it takes room only as it is filled. */
async function prepareFile(file: string, bytes: number, folder: string): Promise<void> {
  const handle = await open(file, 'a')
  try {
    const { size, blocks = 0 } = await handle.stat()
    const { bavail, bsize } = await statfs(folder)
    // Never the last of the disk: results and checkpoints go there too.
    if (bytes - blocks * 512 > 0.8 * bavail * bsize)
      throw new Error(`${Math.ceil((bytes - blocks * 512) / 1e8) / 10} GB do not fit the disk with a fifth to spare`)
    if (size !== bytes) await handle.truncate(bytes)
  } finally {
    await handle.close()
  }
}
