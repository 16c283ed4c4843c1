import { describe, expect, it } from 'vitest'
import { checkArrows, findCircles, importsOf } from './check-arrows.ts'

const check = (file: string, text: string) => checkArrows([{ file, text }])

describe('importsOf', () => {
  it('finds static, side-effect, dynamic and multi-line imports', () => {
    const text = "import 'a'\nimport b from 'b'\nimport {\n  c,\n} from 'c'\nexport * from 'd'\nawait import('e')"
    expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

describe('checkArrows', () => {
  it.each([
    ['packages/cli/src/a.ts', "import { x } from '@tricklab/repro'"],
    ['plugins/mixup/src/a.ts', "import { x } from '@tricklab/core'"],
    ['packages/nn/test/a.test.ts', "import { x } from '@tricklab/testing'"],
    ['packages/core/src/plugin/registry.ts', "import { container } from 'tsyringe'"],
    ['packages/core/src/rng/index.ts', "import seedrandom from 'seedrandom'"],
    ['repro/src/a.test.ts', 'mkdirSync(folder, { recursive: true })'],
  ])('accepts %s: %s', (file, text) => {
    expect(check(file, text)).toEqual([])
  })

  it.each([
    ['packages/core/src/a.ts', "import { x } from '@tricklab/nn'"],
    ['packages/nn/src/a.ts', "import { x } from '@tricklab/plugin-mixup'"],
    ['plugins/mixup/src/a.ts', "import { x } from '@tricklab/plugin-ssa'"],
    ['repro/src/a.ts', "import { x } from '@tricklab/cli'"],
    ['packages/nn/src/a.ts', "import { x } from '../../core/src/index.ts'"],
    ['packages/nn/src/a.ts', "import { container } from 'tsyringe'"],
    ['packages/nn/src/a.ts', "import '@tensorflow/tfjs-backend-wasm'"],
    ['packages/nn/src/a.ts', "import * as tf from '@tensorflow/tfjs-core'"],
    ['packages/data/src/a.ts', 'const x = Math.random()'],
    ['packages/nn/src/a.ts', 'const x = tf.randomNormal([3])'],
    ['repro/src/a.ts', 'mkdirSync(folder, { recursive: true })'],
    ['packages/cli/src/a.ts', 'await mkdir(path.join(folder, name), {\n  recursive: true,\n})'],
  ])('refuses %s: %s', (file, text) => {
    expect(check(file, text)).toHaveLength(1)
  })
})

describe('findCircles', () => {
  const circlesOf = (imports: { readonly [file: string]: string }) =>
    findCircles(Object.entries(imports).map(([file, target]) => ({ file, text: `import { x } from '${target}'` })))

  it('finds a circle of rooms, however long, and of types as well', () => {
    const imports = { 'repro/src/a/x.ts': '../b/y.ts', 'repro/src/b/z.ts': '../c.ts', 'repro/src/c.ts': './a/x.ts' }
    expect(circlesOf(imports)).toEqual(['repro/src: a → b → c.ts → a is a circle.'])
    const types = [
      { file: 'repro/src/a/x.ts', text: "import type { Y } from '../b/y.ts'" },
      { file: 'repro/src/b/y.ts', text: "export { z } from '../a/z.ts'" },
    ]
    expect(findCircles(types)).toHaveLength(1)
  })

  it.each([
    ['one way', { 'repro/src/a/x.ts': '../b/y.ts', 'repro/src/b/y.ts': './z.ts' }],
    ['files of one room', { 'repro/src/a/x.ts': './y.ts', 'repro/src/a/y.ts': './x.ts' }],
    ['a test', { 'repro/src/a/x.ts': '../b/y.ts', 'repro/src/b/y.test.ts': '../a/x.ts' }],
    ['another package', { 'docs/src/a/x.ts': '../b/y.ts', 'docs/src/b/y.ts': '../a/x.ts' }],
  ])('lets %s be', (_, imports) => {
    expect(circlesOf(imports)).toEqual([])
  })
})
