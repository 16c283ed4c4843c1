import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { installFakeApt } from '../../test/fake-apt.ts'
import { createFolder } from '../../test/folder.ts'
import { takeFromDebianPackage } from './debian.ts'

const unused = async () => {
  throw new Error('nothing was unpacked')
}

// The fake apt-get is a shell script.
test.skipIf(process.platform === 'win32')('a machine without apt-get says so', async () => {
  await installFakeApt(undefined, true)
  const folder = await createFolder()
  expect(await takeFromDebianPackage('data', folder, unused)).toEqual({ missing: 'apt-get is not on this machine' })
  expect(await readdir(folder)).toEqual([])
})

test.skipIf(process.platform === 'win32')('what apt-get complains of is told', async () => {
  await installFakeApt('echo "W: something else" >&2; echo "E: Unable to locate package $3" >&2; exit 100')
  const folder = await createFolder()
  expect(await takeFromDebianPackage('data', folder, unused)).toEqual({ missing: 'E: Unable to locate package data' })
})

test.skipIf(process.platform === 'win32')('a download that fails is told, and leaves nothing behind', async () => {
  await installFakeApt('case "$*" in *--print-uris*) exit 0;; esac; touch half.deb; echo "E: no route" >&2; exit 100')
  const folder = await createFolder()
  expect(await takeFromDebianPackage('data', folder, unused)).toEqual({ missing: 'apt-get download: E: no route' })
  expect(await readdir(folder)).toEqual([])
})

test.skipIf(process.platform === 'win32')('an apt-get that hangs is ended, with what it started', async () => {
  await installFakeApt('sleep 600 & sleep 600')
  const folder = await createFolder()
  const answer = await takeFromDebianPackage('data', folder, unused, { timeoutMs: 300 })
  expect(answer).toEqual({ missing: 'not done after 0.3 s' })
})

test.skipIf(process.platform === 'win32')('a signal ends it', async () => {
  await installFakeApt('sleep 600')
  const folder = await createFolder()
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 100)
  const taken = takeFromDebianPackage('data', folder, unused, { signal: stop.signal })
  await expect(taken).rejects.toMatchObject({ code: 'E_INTERRUPTED' })
  expect(await readdir(folder)).toEqual([])
})

test('a folder that cannot be made is E_CACHE_WRITE', async () => {
  const folder = await createFolder()
  await writeFile(path.join(folder, 'file'), '')
  const taken = takeFromDebianPackage('data', path.join(folder, 'file', 'cache'), unused)
  await expect(taken).rejects.toMatchObject({ code: 'E_CACHE_WRITE' })
})
