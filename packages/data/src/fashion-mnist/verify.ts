import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { fail } from '@tricklab/core'
import type { KnownFile } from './files.ts'

/**
 * Reads, unpacks and verifies one file.
 * @param advice what to do about a bad file
 * @errors E_DATASET_CORRUPT when the content is not the known one
 */
export async function readKnownFile(
  file: KnownFile,
  path: string,
  advice: (path: string) => string,
): Promise<Uint8Array> {
  const bytes = await readFile(path)
  const packed = path.endsWith('.gz')
  const refuse = (what: string, cause?: unknown): never =>
    fail('E_DATASET_CORRUPT', {
      what: `${path} ${what}.`,
      expected: packed
        ? `${file.packed.bytes} bytes with md5 ${file.packed.md5}, or another gzip file of the same content.`
        : `sha256 ${file.sha256}.`,
      received: packed ? `${bytes.length} bytes with md5 ${hash('md5', bytes)}.` : `sha256 ${hash('sha256', bytes)}.`,
      fix: advice(path),
      cause,
    })
  const length = file.dims.reduce((product, dim) => product * dim, 4 + 4 * file.dims.length)
  const content = packed
    ? await promisify(gunzip)(bytes, { maxOutputLength: Math.max(1, length) }).catch((cause: Error) =>
        refuse(`cannot be unpacked (${cause.message})`, cause),
      )
    : bytes
  if (hash('sha256', content) !== file.sha256) refuse(`is not the ${file.name} of FashionMNIST`)
  return content
}

function hash(algorithm: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
