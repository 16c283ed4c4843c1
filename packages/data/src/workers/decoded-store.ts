import { createHash } from 'node:crypto'
import { mkdir, open, readFile, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { ImageSize } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/cache-folder'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import { decoderVersion } from '../decode/decode.ts'
import { readNumber } from '../environment.ts'
import type { SharedStore, StoredImage } from './protocol.ts'

/**
 * Decoded images of a dataset in one file of the cache, filled by whoever decodes an image first, so that later epochs
 * and later runs read instead of decoding. Every image carries a checksum; one that does not match is decoded anew, so
 * a crash at any moment or several processes at once do no harm.
 */
export interface DecodedStore {
  readonly shared: SharedStore
  place(index: number): StoredImage
  /** Makes what was filled known to later runs. */
  save(): Promise<void>
}

export interface DecodedStoreOptions {
  readonly folder: string
  /** Largest file, in bytes; 0 turns the store off. */
  readonly limitBytes: number
  /** Told why images are not kept, where that was not asked for. */
  readonly notice: (message: string) => void
}

/**
 * The cache of this machine. `TRICKLAB_DECODED_GB` sets the limit; 0 turns it off.
 * @errors E_OPTION_RANGE when it is no number
 */
export function decodedStoreOptions(
  notice: DecodedStoreOptions['notice'],
  env: NodeJS.ProcessEnv = process.env,
): DecodedStoreOptions {
  const gigabytes = readNumber('TRICKLAB_DECODED_GB', env) ?? 4
  return { folder: path.join(cacheFolder(env), 'photos', 'decoded'), limitBytes: gigabytes * 1e9, notice }
}

/**
 * @param digest what the images are
 * @param sizes the size to which each is decoded
 * @returns undefined when the images do not fit the limit or the disk: they are then decoded every time
 */
export async function openDecodedStore(
  digest: string,
  sizes: readonly ImageSize[],
  { folder, limitBytes, notice }: DecodedStoreOptions,
): Promise<DecodedStore | undefined> {
  const offsets = new Float64Array(sizes.length + 1)
  for (const [index, { width, height }] of sizes.entries()) offsets[index + 1] = offsets[index]! + width * height * 3
  const total = offsets[sizes.length]!
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
  const key = createHash('sha256').update(`1 ${decoderVersion} ${digest}`).update(offsets).digest('hex').slice(0, 24)
  const data = path.join(folder, `${key}.images`)
  const table = path.join(folder, `${key}.table`)
  try {
    await mkdir(folder, { recursive: true })
    await prepareFile(data, total, folder)
  } catch (error) {
    notice(`decoded images cannot be kept in ${folder} (${(error as Error).message}): ${consequence}`)
    return undefined
  }
  const checksums = new SharedArrayBuffer(4 * sizes.length)
  const filled = new SharedArrayBuffer(sizes.length)
  const saved = await readFile(table).catch(() => undefined)
  if (saved?.length === 5 * sizes.length) {
    new Uint8Array(checksums).set(saved.subarray(0, 4 * sizes.length))
    new Uint8Array(filled).set(saved.subarray(4 * sizes.length))
  }
  const count = () => new Uint8Array(filled).reduce((sum, byte) => sum + byte, 0)
  let known = count()
  const failures = new SharedArrayBuffer(4)
  let told = false
  return {
    shared: { path: data, checksums, filled, failures },
    place: (index) => ({ index, offset: offsets[index]!, ...sizes[index]! }),
    async save() {
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
