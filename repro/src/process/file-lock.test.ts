import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRunning, machineIdentity } from '@tricklab/core/files'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { lockOwner, thisProcess, tryLock, withLock } from './file-lock.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-lock-'))
  file = path.join(folder, 'seed-1.lock')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const taken = (from = tryLock(file)) => ('lock' in from ? from.lock : undefined)

/** A process that has ended, and whose number nobody has now. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await new Promise((resolve) => child.on('close', resolve))
  return child.pid!
}

function leave(owner: object, secondsAgo = 0) {
  const since = '2026-01-01T00:00:00.000Z'
  const rest = { id: crypto.randomUUID(), host: 'elsewhere', machine: 'elsewhere', started: null, since }
  writeFileSync(file, JSON.stringify({ ...rest, ...owner }))
  const time = Date.now() / 1000 - secondsAgo
  utimesSync(file, time, time)
}

test('one holds it, the next is told who; what is released can be taken and leaves nothing behind', () => {
  const lock = taken()!
  expect(tryLock(file)).toMatchObject({ owner: { ...thisProcess, host: os.hostname(), machine: machineIdentity } })
  expect(lockOwner(file)).toMatchObject({ pid: process.pid })
  lock.release()
  expect(lockOwner(file)).toBeUndefined()
  taken()!.release()
  expect(readdirSync(folder)).toEqual([])
})

describe('on this machine', () => {
  test('the lock of a process that has ended stands in nobody’s way, however fresh', async () => {
    leave({ pid: await endedProcess(), machine: machineIdentity })
    expect(lockOwner(file)).toBeUndefined()
    expect(taken()).toBeDefined()
    expect(readdirSync(folder)).toEqual([path.basename(file)])
  })

  test.skipIf(process.platform === 'win32')('a number that another process was given since is told apart', () => {
    leave({ ...thisProcess, started: 'earlier', machine: machineIdentity })
    expect(isRunning({ ...thisProcess, started: 'earlier' })).toBe(false)
    expect(taken()).toBeDefined()
  })

  test('a process that runs holds its lock, however long ago it wrote', () => {
    leave({ ...thisProcess, machine: machineIdentity }, 1e6)
    expect(taken()).toBeUndefined()
  })
})

describe('on another machine', () => {
  test('an owner that wrote lately holds its lock, one that did not for minutes is gone', () => {
    leave({ pid: 1 }, 100)
    expect(tryLock(file)).toMatchObject({ owner: { host: 'elsewhere', pid: 1 } })
    leave({ pid: 1 }, 200)
    expect(taken()).toBeDefined()
  })

  test('clocks that differ by hours change nothing', () => {
    const now = Date.now()
    for (const hours of [-5, 5]) {
      vi.spyOn(Date, 'now').mockReturnValue(now + hours * 3.6e6)
      leave({ pid: 1 })
      writeFileSync(file, readFileSync(file)) // at the file system's time
      expect(taken()).toBeUndefined()
    }
  })

  test('the owner goes on writing its file', async () => {
    const lock = taken(tryLock(file, { beatMs: 10, staleMs: 180_000 }))!
    const before = readFileSync(file, 'utf8')
    const hourAgo = Date.now() / 1000 - 3600
    utimesSync(file, hourAgo, hourAgo)
    await vi.waitFor(() => expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(60_000))
    expect(readFileSync(file, 'utf8')).toBe(before)
    lock.release()
  })

  test('a lock that was cut off while it was made is as old as its file', () => {
    const hourAgo = Date.now() / 1000 - 3600
    writeFileSync(file, '')
    expect(tryLock(file)).toMatchObject({ owner: { host: 'an unknown machine' } })
    utimesSync(file, hourAgo, hourAgo)
    expect(taken()).toBeDefined()
  })
})

test('an owner notices that its file is gone or another’s, and leaves the other’s alone', () => {
  const lock = taken()!
  expect(lock.lost()).toBeUndefined()
  rmSync(file)
  expect(lock.lost()).toBe('removed')
  leave({ pid: 1 })
  expect(lock.lost()).toBe('taken')
  lock.release()
  expect(readdirSync(folder)).toEqual([path.basename(file)])
})

test('processes that read, change and write under one lock lose nothing, also where it was left behind', {
  timeout: 60_000,
}, async () => {
  const count = path.join(folder, 'count')
  writeFileSync(count, '0')
  leave({ pid: await endedProcess(), machine: machineIdentity })
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs'
    import { withLock } from ${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)}
    for (let turn = 0; turn < 25; turn++) {
      await withLock(${JSON.stringify(file)}, async () => {
        const before = Number(readFileSync(${JSON.stringify(count)}, 'utf8'))
        await new Promise((resolve) => setTimeout(resolve, 1))
        writeFileSync(${JSON.stringify(count)}, String(before + 1))
      }, () => process.exit(1))
    }`
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const codes = await Promise.all(
    Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', script], {
        stdio: 'inherit',
      })
      return new Promise((resolve) => child.on('close', resolve))
    }),
  )
  expect(codes).toEqual([0, 0, 0, 0])
  expect(readFileSync(count, 'utf8')).toBe('100')
  expect(readdirSync(folder)).toEqual(['count'])
})

test('a lock is released when what it protects fails', async () => {
  const failing = withLock(
    file,
    () => Promise.reject(new Error('no')),
    () => expect.unreachable(),
  )
  await expect(failing).rejects.toThrow('no')
  expect(readdirSync(folder)).toEqual([])
})
