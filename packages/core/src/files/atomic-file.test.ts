import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { writeFileAtomic } from './atomic-file.ts'
import { temporaryName } from './leftovers.ts'

const folder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-atomic-'))

test('writes a file, in place of the old one, and leaves nothing else', async () => {
  const file = path.join(folder(), 'a.json')
  await writeFileAtomic(file, ['one'])
  await writeFileAtomic(file, ['t', new Uint8Array([119, 111])])
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(readdirSync(path.dirname(file))).toEqual(['a.json'])
})

test('a write that breaks off in the middle leaves the old file', async () => {
  const file = path.join(folder(), 'f')
  await writeFileAtomic(file, ['the last good one'])
  // The second chunk is none: the same path as a full disk, after something was written.
  await expect(writeFileAtomic(file, ['half', undefined as never])).rejects.toThrow()
  expect(readFileSync(file, 'utf8')).toBe('the last good one')
  expect(readdirSync(path.dirname(file))).toEqual(['f'])
})

test('writes through a link, which stays one', async () => {
  const at = folder()
  writeFileSync(path.join(at, 'file'), 'old')
  symlinkSync('file', path.join(at, 'link'))
  await writeFileAtomic(path.join(at, 'link'), ['new'])
  expect(lstatSync(path.join(at, 'link')).isSymbolicLink()).toBe(true)
  expect(readFileSync(path.join(at, 'file'), 'utf8')).toBe('new')
})

test('names the file that it could not write, and leaves it as it was', async () => {
  const at = folder()
  await expect(writeFileAtomic(at, ['text'])).rejects.toMatchObject({
    code: expect.any(String),
    path: expect.any(String),
  })
  expect(readdirSync(path.dirname(at)).filter((name) => name.startsWith(`${path.basename(at)}.`))).toEqual([])
})

test('what a killed writer left is removed by the next write, and what another one writes is not', async () => {
  const at = folder()
  const page = path.join(at, 'report.html')
  // So much that it is killed in the middle.
  const script = `import { writeFileAtomic } from ${JSON.stringify(pathToFileURL(path.join(import.meta.dirname, 'atomic-file.ts')).href)}
    const text = 'x'.repeat(1e6)
    await writeFileAtomic(${JSON.stringify(page)}, new Proxy([], { get: (_, key) => key === Symbol.iterator ? function* () { for (;;) yield text } : undefined }))`
  const writer = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: 'inherit',
  })
  const ended = once(writer, 'exit')
  while (readdirSync(at).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  writer.kill('SIGKILL')
  await ended
  const [left] = readdirSync(at)
  expect(left).toMatch(/^report\.html\..*\.tmp$/)

  const mine = temporaryName(page, 'tmp')
  const others = ['elsewhere-1-0123abcd', 'elsewhere-2-0123abcd'].map((name) => `${page}.${name}.tmp`)
  const similar = [`${page}.old.tmp`, `${path.join(at, 'other.html')}${left!.slice('report.html'.length)}`]
  for (const file of [mine, ...others, ...similar]) writeFileSync(file, 'half')
  utimesSync(others[1]!, 0, 0)
  await writeFileAtomic(page, ['whole'])
  expect(readdirSync(at).sort()).toEqual([page, mine, others[0]!, ...similar].map((file) => path.basename(file)).sort())
})

test.skipIf(!existsSync('/dev/full'))('a device is written to, not replaced', async () => {
  await expect(writeFileAtomic('/dev/full', ['text'])).rejects.toMatchObject({ code: 'ENOSPC', path: '/dev/full' })
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  await writeFileAtomic('/dev/null', ['text'])
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})
