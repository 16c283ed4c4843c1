import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRng } from '@tricklab/core'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { closedAddress, type ServeOptions, serve, startServer } from '../../test/server.ts'
import { type DownloadOptions, downloadFiles, type RemoteFile } from './download.ts'

const content = drawBytes('content', 300_000)
const other = drawBytes('other', 300_000)
const file = describeFile('data.bin', content)

test('a file arrives whole, and progress ends at the total', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response) => serve(request, response, content))
  const progress: number[] = []
  await fetchFile(folder, [server.url], { onProgress: (done) => progress.push(done) })
  expect(await readdir(folder)).toEqual(['data.bin'])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(progress.at(-1)).toBe(content.length)
  expect([...progress].sort((a, b) => a - b)).toEqual(progress)
})

test('several files count as one progress', async () => {
  const folder = await createFolder()
  const files = [describeFile('a', content), describeFile('b', other)]
  const server = await startServer((request, response) =>
    serve(request, response, request.url === '/a' ? content : other),
  )
  let last: unknown
  await downloadFiles(files, folder, {
    mirrors: [server.url],
    onProgress: (done, total) => {
      last = [done, total]
    },
  })
  expect(last).toEqual([600_000, 600_000])
  expect((await readdir(folder)).sort()).toEqual(['a', 'b'])
})

test('a broken download goes on where it ended, and asks that the file be the same', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) =>
    serve(request, response, content, { etag: '"v1"', ...(nth === 0 ? { cutAfter: 100_000 } : {}) }),
  )
  await fetchFile(folder, [server.url])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-'])
  expect(server.requests[1]!.headers['if-range']).toBe('"v1"')
})

test('a file that changed on the server meanwhile is fetched from its start', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) =>
    nth === 0
      ? serve(request, response, other, { etag: '"old"', cutAfter: 100_000 })
      : serve(request, response, content, { etag: '"new"' }),
  )
  await fetchFile(folder, [server.url])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(server.requests).toHaveLength(2)
})

test('a server that ignores ranges starts over', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) =>
    serve(request, response, content, { ranges: false, ...(nth === 0 ? { cutAfter: 100_000 } : {}) }),
  )
  await fetchFile(folder, [server.url])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('a server that always breaks off at the same byte is given up', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response) =>
    serve(request, response, content, { ranges: false, cutAfter: 100_000 }),
  )
  await expect(fetchFile(folder, [server.url], { attempts: 2 })).rejects.toMatchObject({ code: 'E_DOWNLOAD' })
  // One that brings bytes, one that brings nothing new, and the second attempt.
  expect(server.requests).toHaveLength(3)
})

test('wherever and however often the connection breaks, the bytes are right', async () => {
  const folder = await createFolder()
  const plan = fc.array(
    fc.record({ cutAfter: fc.integer({ min: 0, max: 3000 }), ranges: fc.boolean(), tagged: fc.boolean() }),
    { maxLength: 5 },
  )
  const small = content.subarray(0, 5000)
  let count = 0
  const current: { steps: ServeOptions[] } = { steps: [] }
  const server = await startServer((request, response) => serve(request, response, small, current.steps.shift()))
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      current.steps = steps.map(({ tagged, ...step }) => ({ ...step, ...(tagged ? { etag: '"v1"' } : {}) }))
      const name = `file-${count++}`
      await downloadFiles([describeFile(name, small)], folder, { mirrors: [server.url], attempts: 10, backoffMs: 0 })
      expect(await md5Of(folder, name)).toBe(md5(small))
    }),
    { numRuns: 20, seed: 1 },
  )
  expect(await readdir(folder)).toHaveLength(count)
})

test('wrong content is deleted and reported, and the next mirror is asked', async () => {
  const folder = await createFolder()
  const wrong = await startServer((request, response) => serve(request, response, other))
  const right = await startServer((request, response) => serve(request, response, content))
  const lines: string[] = []
  await fetchFile(folder, [wrong.url, right.url], { log: (line) => lines.push(line) })
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(lines.join('\n')).toContain(`sent content with md5 ${md5(other)}, which was deleted`)
})

test('when every mirror sends wrong content nothing is left behind', async () => {
  const folder = await createFolder()
  const wrong = await startServer((request, response) => serve(request, response, other))
  const failure = await fetchFile(folder, [wrong.url]).catch((error: Error) => error)
  expect(failure).toMatchObject({ code: 'E_DOWNLOAD' })
  expect((failure as Error).message).toContain(`md5 ${md5(content)}`)
  expect((failure as Error).message).toContain(`md5 ${md5(other)}`)
  expect(await readdir(folder)).toEqual([])
  expect(wrong.requests).toHaveLength(1)
})

test('a stalled server is left for the next, which goes on from there', async () => {
  const folder = await createFolder()
  const stalled = await startServer((request, response) =>
    serve(request, response, content, { etag: '"v1"', stallAfter: request.headers.range === undefined ? 100_000 : 0 }),
  )
  const right = await startServer((request, response) => serve(request, response, content))
  const lines: string[] = []
  await fetchFile(folder, [stalled.url, right.url], { stallTimeoutMs: 200, log: (line) => lines.push(line) })
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(right.requests[0]!.headers.range).toBe('bytes=100000-')
  // The tag of one mirror says nothing to another.
  expect(right.requests[0]!.headers['if-range']).toBeUndefined()
  expect(lines.join('\n')).toContain('no byte for 0.2 s')
})

test('a slow server is not a stalled one', async () => {
  const folder = await createFolder()
  const server = await startServer(async (_request, response) => {
    for (let start = 0; start < content.length; start += 50_000) {
      response.write(content.subarray(start, start + 50_000))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    response.end()
  })
  await fetchFile(folder, [server.url], { stallTimeoutMs: 400 })
  expect(server.requests).toHaveLength(1)
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('a server that never answers is left as well', async () => {
  const folder = await createFolder()
  const silent = await startServer(() => {})
  await expect(fetchFile(folder, [silent.url], { stallTimeoutMs: 100 })).rejects.toThrow('no byte for 0.1 s')
  expect(silent.requests).toHaveLength(1)
})

test('HTTP 404 ends a mirror at once; HTTP 503 is asked again', async () => {
  const folder = await createFolder()
  const absent = await startServer((_request, response) => response.writeHead(404).end())
  const busy = await startServer((request, response, nth) =>
    nth < 2 ? response.writeHead(503).end() : serve(request, response, content),
  )
  await fetchFile(folder, [absent.url, busy.url])
  expect(absent.requests).toHaveLength(1)
  expect(busy.requests).toHaveLength(3)
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('a page in place of the file is refused by its length', async () => {
  const folder = await createFolder()
  const portal = await startServer((_request, response) => response.end('<html>Please log in</html>'))
  await expect(fetchFile(folder, [portal.url])).rejects.toThrow('offers a file of 26 bytes instead of 300000')
})

test('an endless answer is refused at the expected length', async () => {
  const folder = await createFolder()
  const endless = await startServer((_request, response) => {
    response.write(content)
    response.write(other)
  })
  await expect(fetchFile(folder, [endless.url])).rejects.toThrow('sends more than 300000 bytes')
})

test('a server that sends another range than asked for is not believed', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) => {
    if (nth === 0) serve(request, response, content, { cutAfter: 1000 })
    else if (nth === 1) response.writeHead(206, { 'content-range': 'bytes 0-9/300000' }).end(content.subarray(0, 10))
    else serve(request, response, content)
  })
  await fetchFile(folder, [server.url])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('a machine that cannot be reached is told in words', async () => {
  const folder = await createFolder()
  const lines: string[] = []
  const url = await closedAddress()
  const fetching = fetchFile(folder, [url], { log: (line) => lines.push(line) })
  await expect(fetching).rejects.toThrow(`${url} (connect ECONNREFUSED 127.0.0.1:`)
  expect(lines).toHaveLength(1)
})

test('a signal stops the download, and the next run goes on with what is there', async () => {
  const folder = await createFolder()
  const stop = new AbortController()
  const server = await startServer((request, response, nth) =>
    serve(request, response, content, nth === 0 ? { stallAfter: 100_000 } : {}),
  )
  const stopped = fetchFile(folder, [server.url], {
    signal: stop.signal,
    onProgress: (done) => {
      if (done === 100_000) stop.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ code: 'E_INTERRUPTED' })
  await fetchFile(folder, [server.url])
  expect(server.requests[1]!.headers.range).toBe('bytes=100000-')
  expect(await readdir(folder)).toEqual(['data.bin'])
})

test('the part of a process that is gone is taken over; one with wrong bytes costs a fresh start only', async () => {
  for (const left of [content, other]) {
    const folder = await createFolder()
    // Another machine's process, last heard of in 1970.
    const part = path.join(folder, 'data.bin.elsewhere-1-0.part')
    await writeFile(part, left.subarray(0, 200_000))
    await utimes(part, 0, 0)
    const server = await startServer((request, response) => serve(request, response, content))
    await fetchFile(folder, [server.url])
    expect(server.requests[0]!.headers.range).toBe('bytes=200000-')
    expect(server.requests).toHaveLength(left === content ? 1 : 2)
    expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
    expect(await readdir(folder)).toEqual(['data.bin'])
  }
})

test('a process killed in the middle loses nothing: the next one goes on', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) =>
    serve(request, response, content, { etag: '"v1"', ...(nth === 0 ? { stallAfter: 100_000 } : {}) }),
  )
  const download = pathToFileURL(path.join(import.meta.dirname, 'download.ts'))
  const call = `downloadFiles([${JSON.stringify(file)}], ${JSON.stringify(folder)}, { mirrors: ['${server.url}'] })`
  const script = `import { downloadFiles } from '${download}'; await ${call}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script])
  const ended = once(child, 'exit')
  await vi.waitFor(
    async () => {
      const part = (await readdir(folder)).find((name) => name.endsWith('.part'))
      expect((await stat(path.join(folder, part!))).size).toBe(100_000)
    },
    { timeout: 30_000 },
  )
  child.kill('SIGKILL')
  await ended
  await fetchFile(folder, [server.url])
  expect(server.requests[1]!.headers).toMatchObject({ range: 'bytes=100000-', 'if-range': '"v1"' })
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
  expect(await readdir(folder)).toEqual(['data.bin'])
})

test('a part that is whole already is only verified', async () => {
  const folder = await createFolder()
  const part = path.join(folder, 'data.bin.elsewhere-1-0.part')
  await writeFile(part, content)
  await utimes(part, 0, 0)
  const server = await startServer((_request, response) => response.writeHead(404).end())
  await fetchFile(folder, [server.url])
  expect(server.requests).toHaveLength(0)
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('the part of a living process is left alone', async () => {
  const folder = await createFolder()
  const part = 'data.bin.elsewhere-1-0.part'
  await writeFile(path.join(folder, part), content.subarray(0, 1000))
  const server = await startServer((request, response) => serve(request, response, content))
  await fetchFile(folder, [server.url])
  expect(server.requests[0]!.headers.range).toBeUndefined()
  expect((await readdir(folder)).sort()).toEqual(['data.bin', part])
})

test('a clock that differs by hours does not say whose process is gone', async () => {
  const now = Date.now()
  const ages = { young: now / 1000 - 60, old: now / 1000 - 600 } // of the file system, whose clock is right here
  for (const hours of [-5, 5]) {
    vi.spyOn(Date, 'now').mockReturnValue(now + hours * 3.6e6)
    for (const [age, time] of Object.entries(ages)) {
      const folder = await createFolder()
      const part = path.join(folder, 'data.bin.elsewhere-1-0.part')
      await writeFile(part, content.subarray(0, 1000))
      await utimes(part, time, time)
      const server = await startServer((request, response) => serve(request, response, content))
      await fetchFile(folder, [server.url])
      expect(server.requests[0]!.headers.range).toBe(age === 'old' ? 'bytes=1000-' : undefined)
      expect((await readdir(folder)).includes(path.basename(part))).toBe(age === 'young')
    }
  }
  vi.restoreAllMocks()
})

test('two downloads of one file at a time do not disturb each other', async () => {
  const folder = await createFolder()
  const server = await startServer((request, response, nth) =>
    serve(request, response, content, nth < 2 ? { cutAfter: 100_000 } : {}),
  )
  await Promise.all([fetchFile(folder, [server.url]), fetchFile(folder, [server.url])])
  expect(await readdir(folder)).toEqual(['data.bin'])
  expect(await md5Of(folder, 'data.bin')).toBe(md5(content))
})

test('a folder that cannot be made is E_CACHE_WRITE', async () => {
  const folder = await createFolder()
  await writeFile(path.join(folder, 'file'), '')
  const server = await startServer((request, response) => serve(request, response, content))
  const inFile = path.join(folder, 'file', 'cache')
  await expect(fetchFile(inFile, [server.url])).rejects.toMatchObject({ code: 'E_CACHE_WRITE', exitCode: 2 })
  // There Node's own recursion never returns.
  if (existsSync('/proc/self')) {
    await expect(fetchFile('/proc/tricklab/cache', [server.url])).rejects.toMatchObject({ code: 'E_CACHE_WRITE' })
  }
  expect(server.requests).toHaveLength(0)
})

function fetchFile(folder: string, mirrors: string[], options: Partial<DownloadOptions> = {}): Promise<void> {
  return downloadFiles([file], folder, { mirrors, backoffMs: 1, ...options })
}

function describeFile(name: string, bytes: Uint8Array): RemoteFile {
  return { name, bytes: bytes.length, checksum: { algorithm: 'md5', hex: md5(bytes) } }
}

async function md5Of(folder: string, name: string): Promise<string> {
  return md5(await readFile(path.join(folder, name)))
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

function drawBytes(key: string, length: number): Buffer {
  const stream = createRng(1).at(key)
  return Buffer.from(Uint8Array.from({ length }, () => stream.integer(256)))
}
