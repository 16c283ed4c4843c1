import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { download } from './download.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-download-'))
const file = path.join(folder, 'file')
const body = randomBytes(300_000)
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
let server: Server | undefined

async function serve(listener: RequestListener): Promise<string> {
  const made = createServer(listener)
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/file`
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(file, { force: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a file arrives whole, and its progress is told', async () => {
  const url = await serve((_request, response) => response.setHeader('content-length', body.length).end(body))
  const seen: [number, number | undefined][] = []
  await download(url, file, (done, total) => seen.push([done, total]))
  expect(digest(readFileSync(file))).toBe(digest(body))
  expect(seen.at(-1)).toEqual([body.length, body.length])
})

test.each([
  ['goes on where it stopped', true],
  ['begins again where the server knows no ranges', false],
])('a transfer that breaks off %s', async (_what, ranges) => {
  const asked: (string | undefined)[] = []
  const url = await serve((request, response) => {
    asked.push(request.headers.range)
    const start = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0
    response.statusCode = start > 0 ? 206 : 200
    response.setHeader('content-length', body.length - start)
    if (asked.length > 1) return response.end(body.subarray(start))
    return response.write(body.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
  })
  await download(url, file, () => {})
  expect(digest(readFileSync(file))).toBe(digest(body))
  expect(asked).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)])
})

test('a file that is not there is not asked for twice', async () => {
  let requests = 0
  const url = await serve((_request, response) => {
    requests++
    response.statusCode = 404
    response.end()
  })
  await expect(download(url, file, () => {})).rejects.toThrow(/\[E_DOWNLOAD\].*the server answered 404.*--from FILE/)
  expect(requests).toBe(1)
})

test('a server that is not there is named with the reason', async () => {
  const url = await serve(() => {})
  server?.close()
  await new Promise((resolve) => server?.once('close', resolve))
  await expect(download(url, file, () => {})).rejects.toThrow(/\[E_DOWNLOAD\].*could not be fetched.*ECONNREFUSED/)
})

test('a redirect is followed, but not to a line that is not encrypted', async () => {
  const asked: (string | undefined)[] = []
  const url = await serve((request, response) => {
    asked.push(request.url)
    if (request.url === '/there') return response.end(body)
    const location = request.url === '/file' ? '/there' : 'http://192.0.2.1/file'
    return response.writeHead(302, { location }).end()
  })
  await download(url, file, () => {})
  expect(digest(readFileSync(file))).toBe(digest(body))
  await expect(download(url.replace('/file', '/away'), file, () => {})).rejects.toThrow(
    /\[E_ARGUMENT\] http:\/\/192\.0\.2\.1\/file is not downloaded.*https/,
  )
  expect(asked).toEqual(['/file', '/there', '/away'])
})

test('a redirect in circles ends', async () => {
  const url = await serve((_request, response) => response.writeHead(302, { location: '/file' }).end())
  await expect(download(url, file, () => {})).rejects.toThrow(/\[E_DOWNLOAD\].*redirects in circles/)
})

test.each(['http://example.org/a.whl', 'http://127.0.0.1.example.org/a.whl', 'http://localhost@example.org/a.whl'])(
  '%s is refused before anything is asked for',
  async (url) => {
    await expect(download(url, file, () => {})).rejects.toThrow(/\[E_ARGUMENT\].*not be encrypted/)
  },
)
