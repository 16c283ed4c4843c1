import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TestServer {
  /** Ends in `/`. */
  readonly url: string
  readonly requests: IncomingMessage[]
}

type Handler = (request: IncomingMessage, response: ServerResponse, nth: number) => void

/** A web server on this machine for one test; `nth` counts the requests from 0. */
export async function startServer(handle: Handler): Promise<TestServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => handle(request, response, requests.push(request) - 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests }
}

/** An address of this machine at which nobody listens. */
export async function closedAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/`
}

export interface ServeOptions {
  readonly etag?: string
  /** Answer Range requests; off means that the whole file is sent always. */
  readonly ranges?: boolean
  /** Break the connection after so many bytes of this answer. */
  readonly cutAfter?: number
  /** Send so many bytes of this answer and then nothing more. */
  readonly stallAfter?: number
}

/** Answers with a file as a web server does, or breaks off in a given way. */
export function serve(
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
  { etag, ranges = true, cutAfter, stallAfter }: ServeOptions = {},
): void {
  if (etag !== undefined) response.setHeader('etag', etag)
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const unchanged = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  let body = content
  if (ranges && start > 0 && unchanged) {
    if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
      return
    }
    body = content.subarray(start)
    response.statusCode = 206
    response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`)
  }
  response.setHeader('content-length', body.length)
  const stop = cutAfter ?? stallAfter
  if (stop === undefined || stop >= body.length) {
    response.end(body)
    return
  }
  response.write(body.subarray(0, stop), () => {
    // Time for the bytes to arrive: a reset connection may swallow what the receiver has not read yet.
    if (cutAfter !== undefined) setTimeout(() => response.destroy(), 20)
  })
  response.flushHeaders()
}
