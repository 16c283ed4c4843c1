import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryName } from './leftovers.ts'
import { makeScratchFolder } from './scratch-folder.ts'

const parent = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-scratch-'))

function leave(folder: string, owner: string, ageHours = 0): string {
  const left = path.join(folder, `data.${owner}-0123abcd.unfinished`)
  mkdirSync(left)
  writeFileSync(path.join(left, 'half a file'), 'x')
  const time = Date.now() / 1000 - 3600 * ageHours
  utimesSync(left, time, time)
  return left
}

// As it stands in names.
const machine = /\.([0-9a-f]+)-\d+-[0-9a-f]+\.x$/.exec(temporaryName('', 'x'))![1]
// No process has a number this large.
const gone = 2 ** 30

test('removes what a killed process of this machine left, at once, and nothing that is in use', async () => {
  const folder = parent()
  const dead = leave(folder, `${machine}-${gone}`)
  const alive = leave(folder, `${machine}-${process.ppid}`, 100)
  const own = await makeScratchFolder(path.join(folder, 'data'))
  expect([existsSync(dead), existsSync(alive), existsSync(own)]).toEqual([false, true, true])
  // This process is alive: a second folder of it leaves the first alone.
  expect(await makeScratchFolder(path.join(folder, 'data'))).not.toBe(own)
  expect(existsSync(own)).toBe(true)
})

test('what another machine left is removed after a day; what belongs to other targets, or is no such folder, stays', async () => {
  const folder = parent()
  const old = leave(folder, `elsewhere-${process.pid}`, 25)
  const young = leave(folder, `elsewhere-${gone}`, 23)
  const others = [`database.${machine}-${gone}-0123abcd.unfinished`, 'data.unfinished', 'data.tar'].map((name) => {
    mkdirSync(path.join(folder, name))
    return path.join(folder, name)
  })
  await makeScratchFolder(path.join(folder, 'data'))
  expect(existsSync(old)).toBe(false)
  expect([young, ...others].map((left) => existsSync(left))).toEqual([true, true, true, true])
})

test('makes the folders above', async () => {
  const target = path.join(parent(), 'deep', 'down', 'data')
  expect(path.dirname(await makeScratchFolder(target))).toBe(path.dirname(target))
})
