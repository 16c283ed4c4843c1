import { expect, test } from 'vitest'
import { formatOptionTable } from './option-table.ts'
import { opt } from './options.ts'

test('options become an aligned table', () => {
  const table = formatOptionTable({
    alpha: opt.number({ min: 0, default: 0.4, unit: 'Beta shape', doc: 'Beta(alpha, alpha).' }),
    mode: opt.choice(['a', 'b'], { doc: 'One | the other.' }),
  })
  expect(table).toBe(
    [
      '| option  | default  | accepts                    | what                |',
      '| ------- | -------- | -------------------------- | ------------------- |',
      '| `alpha` | `0.4`    | number from 0 (Beta shape) | Beta(alpha, alpha). |',
      '| `mode`  | required | "a" or "b"                 | One \\| the other.   |',
    ].join('\n'),
  )
})
