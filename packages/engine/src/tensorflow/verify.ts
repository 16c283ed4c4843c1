import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fail } from '@tricklab/core'
import { checkSecure } from './download.ts'
import type { Download } from './sources.ts'

/**
 * Refuses what must not be fetched: over an open line, or without a checksum to hold it against. Code from such a file
 * would run with the user's rights.
 * @errors E_ARGUMENT
 */
export function checkFetchable({ url, sha256 }: Download, given: readonly string[]): void {
  checkSecure(url)
  if (sha256 !== undefined || given.length > 0) return
  fail('E_ARGUMENT', {
    what: `${url} is not downloaded: Tricklab knows no checksum for it.`,
    expected: '--sha256 with the checksum that the publisher of the file states.',
    fix: 'add it; or fetch the file yourself, check it, and give the file with --from.',
  })
}

/**
 * The SHA-256 of a file, after comparing it with the checksums that it may have; none given: anything may be.
 * @errors E_ENGINE_INSTALL
 */
export async function verify(file: string, accepted: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const digest = hash.digest('hex')
  if (accepted.length === 0 || accepted.includes(digest)) return digest
  fail('E_ENGINE_INSTALL', {
    what: `${path.basename(file)} is not the expected file: its SHA-256 differs.`,
    expected: `${accepted.join(' or ')}.`,
    received: `${digest}.`,
    fix: 'fetch it again; if the publisher of the file states this checksum, give it with --sha256.',
  })
}

/** Checksums as a person gives them, in lower case. @errors E_ARGUMENT */
export function readChecksums(given: readonly string[]): string[] {
  for (const text of given) {
    if (/^[0-9a-f]{64}$/i.test(text)) continue
    fail('E_ARGUMENT', {
      what: '--sha256 names no SHA-256 checksum.',
      expected: '64 hexadecimal digits.',
      received: `"${text}".`,
    })
  }
  return given.map((text) => text.toLowerCase())
}
