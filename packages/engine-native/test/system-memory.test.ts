import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { availableMemory } from '../src/system-memory.ts'

const folders: string[] = []

/** A root folder with these files. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'tricklab-memory-'))
  folders.push(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return root
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const meminfo =
  'MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    8000 kB\nSwapFree:         500 kB\n'
const kibi = 1024

test('what the machine has free, swap included', () => {
  expect(availableMemory(machine({ 'proc/meminfo': meminfo }))).toBe(8500 * kibi)
})

test('a system that does not say gives its size', () => {
  expect(availableMemory(machine({}))).toBe(os.totalmem())
})

test('a group with a limit, whose caches of files can go', () => {
  const root = machine({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '0::/job\n',
    'sys/fs/cgroup/job/memory.max': `${4000 * kibi}\n`,
    'sys/fs/cgroup/job/memory.high': 'max\n',
    'sys/fs/cgroup/job/memory.current': `${3000 * kibi}\n`,
    'sys/fs/cgroup/job/memory.stat': `anon 1\ninactive_file ${600 * kibi}\nactive_file ${100 * kibi}\n`,
  })
  expect(availableMemory(root)).toBe(1700 * kibi)
})

test.each([
  ['the group above has less', { above: 3500, own: 9000 }, 500],
  ['the own group has less', { above: 9000, own: 3200 }, 200],
  ['neither has less than the machine', { above: 90_000, own: 90_000 }, 8500],
  ['nothing is left', { above: 9000, own: 2000 }, 0],
])('of nested groups: %s', (_name, { above, own }, left) => {
  const root = machine({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '0::/above/own\n',
    'sys/fs/cgroup/above/memory.max': `${above * kibi}\n`,
    'sys/fs/cgroup/above/memory.current': `${3000 * kibi}\n`,
    'sys/fs/cgroup/above/own/memory.max': `${own * kibi}\n`,
    'sys/fs/cgroup/above/own/memory.current': `${3000 * kibi}\n`,
  })
  expect(availableMemory(root)).toBe(left * kibi)
})

test("a container that sees the host's path but only its own group", () => {
  const root = machine({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '12:cpu:/x\n4:memory:/docker/4711\n0::/\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': `${5000 * kibi}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': `${4500 * kibi}\n`,
    'sys/fs/cgroup/memory/memory.stat': `inactive_file 1\ntotal_inactive_file ${60 * kibi}\ntotal_active_file ${40 * kibi}\n`,
  })
  expect(availableMemory(root)).toBe(600 * kibi)
})

test('this machine answers with a sensible number', () => {
  const bytes = availableMemory()
  expect(bytes).toBeGreaterThan(2 ** 26)
  expect(bytes).toBeLessThan(2 ** 48)
})
