import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { cacheFolder } from './cache-folder.ts'

test('TRICKLAB_CACHE comes before everything and is made absolute', () => {
  const environment = { TRICKLAB_CACHE: 'some/place', XDG_CACHE_HOME: '/xdg', LOCALAPPDATA: '/local' }
  expect(cacheFolder(environment, 'win32')).toBe(path.resolve('some/place'))
})

test('an empty TRICKLAB_CACHE counts as unset', () => {
  expect(cacheFolder({ TRICKLAB_CACHE: '', XDG_CACHE_HOME: '/xdg' }, 'linux')).toBe('/xdg/tricklab')
})

test('a relative XDG_CACHE_HOME is ignored', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: 'xdg' }, 'linux')).toBe(path.join(os.homedir(), '.cache', 'tricklab'))
})

test.each([
  ['linux', path.join(os.homedir(), '.cache', 'tricklab')],
  ['darwin', path.join(os.homedir(), 'Library', 'Caches', 'tricklab')],
  ['win32', path.join('/local', 'tricklab')],
] as const)('on %s it is the cache folder of the platform', (platform, expected) => {
  expect(cacheFolder({ LOCALAPPDATA: '/local' }, platform)).toBe(expected)
})
