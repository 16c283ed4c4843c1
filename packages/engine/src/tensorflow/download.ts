import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fail } from '@tricklab/core'

const attempts = 3

/**
 * Fetches a file; a broken transfer is taken up where it stopped.
 *
 * @param onBytes told the bytes so far and, when the server says it, the whole
 * @errors E_DOWNLOAD
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
      if (error instanceof FinalAnswer) break
    }
  }
  fail('E_DOWNLOAD', {
    what: `${url} could not be fetched: ${reason(lastError)}.`,
    fix: 'fetch the file by other means and give it with --from FILE.',
    cause: lastError,
  })
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
  const response = await fetch(url, { headers: have > 0 ? { range: `bytes=${have}-` } : {} })
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
