import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tfjsNodeFile } from './npm-package.ts'

test('files of the package are found, and one that is not there says how to get it', () => {
  expect(existsSync(tfjsNodeFile('binding/tfjs_backend.cc'))).toBe(true)
  expect(() => tfjsNodeFile('no-such-file.js')).toThrow(
    /\[E_ENGINE_UNAVAILABLE\].*Fix: npm install --ignore-scripts @tensorflow\/tfjs-node-gpu@4\.22\.0/s,
  )
})
