import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type DatasetContext, fail, type Services } from '@tricklab/core'
import type { FileSet, KnownFile } from './file-set.ts'
import { filePlaces, findFiles } from './find.ts'
import type { FilePaths } from './in-folder.ts'

/** The verified contents of a set of files, by name. */
export type FileContents = ReadonlyMap<string, Uint8Array>

/**
 * Finds or fetches the files of a dataset and reads them into memory, every byte verified. A file is known by the SHA-256
 * of its unpacked content, so published, repacked and unpacked files all do.
 * @errors E_DATASET_MISSING, E_DATASET_CORRUPT, E_CACHE_WRITE, E_INTERRUPTED
 */
export async function readFiles(set: FileSet, context: DatasetContext & Services): Promise<FileContents> {
  const places = filePlaces(set, context)
  return readKnownFiles(set, await findFiles(set, places), (file) =>
    path.relative(places.cache, file).startsWith('..')
      ? 'put the published file in its place, or take its folder out of --data.'
      : `rm "${file}" and run again: it is fetched anew.`,
  )
}

/**
 * Reads, unpacks and verifies files. Of several bad ones the first in order is named.
 * @param advice what to do about a bad file
 * @errors E_DATASET_CORRUPT for a file that is cut short, altered or not what its name says
 */
export async function readKnownFiles(
  { title, files }: Pick<FileSet, 'title' | 'files'>,
  paths: FilePaths,
  advice: (path: string) => string,
): Promise<FileContents> {
  const reads = await Promise.allSettled(
    files.map(async (file) => [file.name, await readKnownFile(title, file, paths.get(file.name)!, advice)] as const),
  )
  return new Map(
    reads.map((read) => {
      if (read.status === 'rejected') throw read.reason
      return read.value
    }),
  )
}

/** One of them. @errors E_DATASET_CORRUPT when the content is not the known one */
export async function readKnownFile(
  title: string,
  file: KnownFile,
  path: string,
  advice: (path: string) => string,
): Promise<Uint8Array> {
  const bytes = await readFile(path)
  const isPacked = path.endsWith('.gz')
  const { packed } = file
  const refuse = (what: string, cause?: unknown): never =>
    fail('E_DATASET_CORRUPT', {
      what: `${path} ${what}.`,
      expected:
        isPacked && packed !== undefined
          ? `${packed.bytes} bytes with md5 ${packed.md5}, or another gzip file of the same content.`
          : `sha256 ${file.sha256}.`,
      received: isPacked ? `${bytes.length} bytes with md5 ${hash('md5', bytes)}.` : `sha256 ${hash('sha256', bytes)}.`,
      fix: advice(path),
      cause,
    })
  const content = isPacked
    ? await promisify(gunzip)(bytes, { maxOutputLength: Math.max(1, file.bytes) }).catch((cause: Error) =>
        refuse(`cannot be unpacked (${cause.message})`, cause),
      )
    : bytes
  if (hash('sha256', content) !== file.sha256) refuse(`is not the ${file.name} of ${title}`)
  return content
}

function hash(algorithm: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
