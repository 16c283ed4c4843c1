import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fail, TricklabError } from '@tricklab/core'

const attempts = 3
const mostRedirects = 5

/**
 * Fetches a file; a broken transfer is taken up where it stopped.
 *
 * @param onBytes told the bytes so far and, when the server says it, the whole
 * @errors E_DOWNLOAD; E_ARGUMENT for an open line
 */
export async function download(
  url: string,
  file: string,
  onBytes: (done: number, total: number | undefined) => void,
): Promise<void> {
  let lastError: unknown
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await fetchOnce(url, file, onBytes)
    } catch (error) {
      lastError = error
      if (error instanceof TricklabError) throw error
      if (error instanceof FinalAnswer) break
    }
  }
  fail('E_DOWNLOAD', {
    what: `${url} could not be fetched: ${reason(lastError)}.`,
    fix: 'fetch the file by other means and give it with --from FILE.',
    cause: lastError,
  })
}

/**
 * Refuses a URL that is not encrypted, on which anybody on the way could put another file; this machine's own servers may.
 * @errors E_ARGUMENT
 */
export function checkSecure(url: string): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return
  fail('E_ARGUMENT', {
    what: `${url} is not downloaded: the connection would not be encrypted.`,
    expected: 'a URL that begins with https://.',
    received: `"${protocol}//".`,
    fix: 'use https, or fetch the file by other means and give it with --from FILE.',
  })
}

/** Follows redirects itself, since one may lead to an open line. */
async function request(url: string, headers: Record<string, string>, redirects = 0): Promise<Response> {
  checkSecure(url)
  const response = await fetch(url, { headers, redirect: 'manual' })
  const location = response.headers.get('location')
  if (response.status < 300 || response.status >= 400 || location === null) return response
  if (redirects === mostRedirects) throw new FinalAnswer('the server redirects in circles')
  return request(new URL(location, url).href, headers, redirects + 1)
}

/** An answer that asking again will not change. */
class FinalAnswer extends Error {}

async function fetchOnce(
  url: string,
  file: string,
  onBytes: (done: number, total: number | undefined) => void,
): Promise<void> {
  const have = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  const response = await request(url, have > 0 ? { range: `bytes=${have}-` } : {})
  if (response.status >= 400 && response.status < 500 && response.status !== 429) {
    throw new FinalAnswer(`the server answered ${response.status}`)
  }
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
  // A server that knows no ranges sends the whole file again.
  const resumed = response.status === 206
  let done = resumed ? have : 0
  const length = Number(response.headers.get('content-length'))
  const total = length > 0 ? done + length : undefined
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  body.on('data', (chunk: Uint8Array) => {
    done += chunk.length
    onBytes(done, total)
  })
  await pipeline(body, createWriteStream(file, { flags: resumed ? 'a' : 'w' }))
  if (total !== undefined && done !== total) throw new Error(`it broke off after ${done} of ${total} bytes`)
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message}${cause}`
}
