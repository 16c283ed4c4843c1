import { expect, test } from 'vitest'
import { finishDeclarations, inlineManifest, publishedManifest } from './build.ts'

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

test('of the manifest, the fields that are used become a constant', () => {
  const manifest = {
    name: '@tricklab/a',
    version: '1.2.3',
    engines: {},
    peerDependencies: { '@tricklab/core': '^1.0.0' },
  }
  const text = [
    `import own from '../../package.json' with { type: 'json' };`,
    `export const { version, core } = [own.version, own.peerDependencies['@tricklab/core']];`,
  ].join('\n')
  expect(inlineManifest(text, manifest)).toBe(
    [
      `const own = {"peerDependencies":{"@tricklab/core":"^1.0.0"},"version":"1.2.3"};`,
      `export const { version, core } = [own.version, own.peerDependencies['@tricklab/core']];`,
    ].join('\n'),
  )
  expect(inlineManifest('export const manifest = 1', manifest)).toBe('export const manifest = 1')
})

test('ranges inside the workspace become those that publishing writes', () => {
  const manifest = {
    name: '@tricklab/a',
    version: '1.0.0',
    dependencies: { '@tricklab/b': 'workspace:^', '@tricklab/c': 'workspace:*', semver: '7.8.6' },
    devDependencies: { '@tricklab/b': 'workspace:~' },
  }
  const versions = new Map([
    ['@tricklab/b', '1.2.3'],
    ['@tricklab/c', '2.0.0'],
  ])
  expect(publishedManifest(manifest, versions)).toEqual({
    ...manifest,
    dependencies: { '@tricklab/b': '^1.2.3', '@tricklab/c': '2.0.0', semver: '7.8.6' },
    devDependencies: { '@tricklab/b': '~1.2.3' },
  })
})
