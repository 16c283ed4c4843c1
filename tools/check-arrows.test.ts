import { describe, expect, it } from 'vitest'
import { checkArrows, importsOf } from './check-arrows.ts'

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
  ])('refuses %s: %s', (file, text) => {
    expect(check(file, text)).toHaveLength(1)
  })
})
