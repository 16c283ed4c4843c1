import { expect, test } from 'vitest'
import { finishDeclarations, inlineManifest } from './build.ts'

test('declarations name the declarations beside them, not sources', () => {
  const text = [
    `export { a } from './a.ts';`,
    `import type { B } from "../b/index.ts";`,
    `declare const c: import("../c.ts").C;`,
    `import './d.ts';`,
    `export * from '@tricklab/core';`,
    `/** Reads './notes.ts'. */`,
  ].join('\n')
  expect(finishDeclarations(text)).toBe(
    [
      `export { a } from './a.js';`,
      `import type { B } from "../b/index.js";`,
      `declare const c: import("../c.js").C;`,
      `import './d.js';`,
      `export * from '@tricklab/core';`,
      `/** Reads './notes.ts'. */`,
    ].join('\n'),
  )
})

test('the manifest becomes a constant with its version and ranges alone', () => {
  const manifest = { name: '@tricklab/a', version: '1.2.3', peerDependencies: { '@tricklab/core': '^1.0.0' } }
  const text = `import manifest from '../../package.json' with { type: 'json' };\nexport const { version } = manifest;`
  expect(inlineManifest(text, manifest)).toBe(
    `const manifest = {"version":"1.2.3","peerDependencies":{"@tricklab/core":"^1.0.0"}};\nexport const { version } = manifest;`,
  )
  expect(inlineManifest('export const manifest = 1', manifest)).toBe('export const manifest = 1')
})
