import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { identifyProcess, isRunning } from './process-identity.ts'

test('a process runs under its number and its start; a later one with its number is another', () => {
  const own = identifyProcess(process.pid)
  expect(isRunning(own)).toBe(true)
  expect(isRunning({ pid: process.pid, started: null })).toBe(true)
  expect(isRunning({ ...own, started: 'earlier' })).toBe(false)
  // No process has a number this large.
  expect(isRunning({ pid: 2 ** 30, started: null })).toBe(false)
})

test.skipIf(process.platform !== 'linux')(
  'a process that ended does not run, though its parent has not noticed',
  async () => {
    // The shell becomes a program that waits for none of its children; only then does the child end.
    const script = 'read line <&3 & echo $!; exec sleep 60'
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
    const [line] = await once(parent.stdout!, 'data')
    const pid = Number(String(line))
    await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'), 30_000)
    const go = parent.stdio[3] as Writable
    go.end('\n')
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /), 30_000)
    expect(isRunning({ pid, started: null })).toBe(false)
    parent.kill('SIGKILL')
  },
)
