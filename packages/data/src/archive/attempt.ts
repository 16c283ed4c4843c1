import { open } from 'node:fs/promises'
import { inCache } from './cache-write.ts'
import type { PartFile } from './part-file.ts'

/** Why one request did not bring the file. */
export class AttemptError extends Error {
  /** True when asking the same server again may help. */
  readonly transient: boolean

  constructor(message: string, transient: boolean, cause?: unknown) {
    super(message, { cause })
    this.transient = transient
  }
}

export interface AttemptOptions {
  /** Length of the whole file. */
  readonly bytes: number
  /** Give up when no byte comes for so long. */
  readonly stallTimeoutMs: number
  readonly onBytes: (done: number) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Asks a server for what the part lacks and appends it. Returns when the part has its full length; its content is still
 * to be verified.
 * @errors AttemptError; E_CACHE_WRITE
 */
export async function attemptDownload(url: string, part: PartFile, options: AttemptOptions): Promise<void> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  options.signal?.addEventListener('abort', stop, { once: true })
  let stalled = false
  let answered = false
  const timer = setTimeout(() => {
    stalled = true
    stop()
  }, options.stallTimeoutMs)
  try {
    const offset = await part.size()
    if (offset === options.bytes) return
    const response = await request(url, part, offset, abort.signal)
    answered = true
    timer.refresh()
    const start = await acceptResponse(response, url, part, offset, options.bytes)
    await append(response, part, start, options, () => timer.refresh())
  } catch (error) {
    if (stalled) throw new AttemptError(`no byte for ${options.stallTimeoutMs / 1000} s`, answered, error)
    throw error
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', stop)
    // Ends a request whose answer was refused; a finished one does not notice.
    stop()
  }
}

async function request(url: string, part: PartFile, offset: number, signal: AbortSignal): Promise<Response> {
  // The stored bytes are wanted, not a packing made for the journey.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (offset > 0) {
    headers.range = `bytes=${offset}-`
    const origin = await part.origin()
    // Mirrors do not share validators. Across mirrors the checksum alone decides.
    if (origin?.url === url) headers['if-range'] = origin.validator
  }
  try {
    return await fetch(url, { headers, signal })
  } catch (error) {
    throw networkError(error)
  }
}

/** Decides where the body goes in the part: at the end, or at the start when the server sends the whole file. */
async function acceptResponse(
  response: Response,
  url: string,
  part: PartFile,
  offset: number,
  bytes: number,
): Promise<number> {
  const { status } = response
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
    if (range !== null && Number(range[1]) === offset && (range[2] === '*' || Number(range[2]) === bytes)) return offset
    await inCache(part.folder, () => part.discard())
    throw new AttemptError(`sent another range: ${response.headers.get('content-range')}`, true)
  }
  if (status === 416) {
    await inCache(part.folder, () => part.discard())
    throw new AttemptError('has no such range (HTTP 416)', true)
  }
  if (status !== 200) {
    const transient = status >= 500 || status === 408 || status === 425 || status === 429
    throw new AttemptError(`HTTP ${status} ${response.statusText}`.trim(), transient)
  }
  const length = response.headers.get('content-length')
  if (length !== null && !response.headers.has('content-encoding') && Number(length) !== bytes) {
    throw new AttemptError(`offers a file of ${length} bytes instead of ${bytes}`, false)
  }
  await inCache(part.folder, async () => {
    await part.discard()
    const validator = findValidator(response.headers)
    await part.setOrigin(validator === undefined ? undefined : { url, validator })
  })
  return 0
}

async function append(
  response: Response,
  part: PartFile,
  start: number,
  { bytes, onBytes }: AttemptOptions,
  onLife: () => void,
): Promise<void> {
  const file = await inCache(part.folder, () => open(part.path, 'a'))
  let done = start
  try {
    onBytes(done)
    for await (const chunk of readBody(response)) {
      onLife()
      if (done + chunk.length > bytes) throw new AttemptError(`sends more than ${bytes} bytes`, false)
      await inCache(part.folder, () => file.writeFile(chunk))
      done += chunk.length
      onBytes(done)
    }
    // On disk before it gets its final name: a power cut must not leave a full-length file of zeros.
    await inCache(part.folder, () => file.sync())
  } finally {
    await file.close()
  }
  if (done < bytes) throw new AttemptError(`broke off after ${done} of ${bytes} bytes`, true)
}

async function* readBody(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (error) {
    throw networkError(error)
  }
}

function findValidator(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  // If-Range takes strong validators only.
  if (etag !== null && !etag.startsWith('W/')) return etag
  return headers.get('last-modified') ?? undefined
}

// No use in asking again at once: the name, the route or the certificate will not change within seconds.
const hopeless = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function networkError(error: unknown): AttemptError {
  // fetch wraps the reason: `fetch failed`, `terminated`.
  const reason = (error instanceof Error && error.cause instanceof Error ? error.cause : error) as NodeJS.ErrnoException
  // Connecting to a name with several addresses fails with all their reasons at once.
  const first: NodeJS.ErrnoException = reason instanceof AggregateError ? reason.errors[0] : reason
  const transient = first.syscall !== 'connect' && !hopeless.has(first.code ?? '')
  return new AttemptError(first.message || String(first.code ?? first), transient, error)
}
