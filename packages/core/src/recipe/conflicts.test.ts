import { expect, test } from 'vitest'
import { base, parts } from '../../test/table-parts.ts'
import { opt } from '../options.ts'
import { definePlugin } from '../plugin/define.ts'
import { createRegistry } from '../plugin/registry.ts'
import { conflictsOf } from './conflicts.ts'
import { defineTable } from './define.ts'
import { normalizeRow } from './normalize.ts'

const create = () => null as never
const mixing = definePlugin({
  name: 'mixing',
  core: '*',
  register: (on) => [
    on.callback('mix', { doc: '', options: {}, create, notBeside: { cut: 'Both change the targets.' } }),
    on.callback('cut', { doc: '', options: {}, create }),
    on.callback('one-of', { doc: '', options: { first: opt.callback({ doc: '' }) }, create }),
    on.loss('focal', { doc: '', options: {}, create, notBeside: { mix: 'It wants hard targets.' } }),
  ],
})

const table = defineTable({
  id: 'conflicts',
  title: '',
  source: '',
  plugins: [parts, mixing],
  base,
  rows: {
    alone: { change: { callbacks: ['mix'] } },
    both: { change: { callbacks: ['cut', 'mix'] } },
    wrapped: { change: { callbacks: ['cut', { use: 'one-of', first: 'mix' }] } },
    kinds: { change: { loss: 'focal', callbacks: ['mix'] } },
    stages: {
      stages: [
        { epochs: 1, callbacks: ['cut'] },
        { epochs: 1, callbacks: ['mix'] },
      ],
    },
    stage: { stages: [{ epochs: 1 }, { epochs: 1, callbacks: ['mix', 'cut'] }] },
  },
} as never)

test.each([
  ['alone', []],
  ['both', ['"mix" stands beside "cut". Both change the targets.']],
  ['wrapped', []],
  ['kinds', ['"focal" stands beside "mix". It wants hard targets.']],
  ['stages', []],
  ['stage', ['"mix" stands beside "cut". Both change the targets.']],
])('%s: %j', (row, sentences) => {
  const registry = createRegistry([parts, mixing])
  expect(conflictsOf(normalizeRow(table as never, row, registry).recipe, registry)).toEqual(sentences)
})
