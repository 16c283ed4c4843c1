import { normalizeRow, rowNames } from '@tricklab/core/recipe'
import { expect, test } from 'vitest'
import table from './fashionmnist-resnets.ts'

// Records are bound to these. A change here makes every accepted record of the table worthless, so it must be meant.
test('the hashes of the rows are those of the accepted records', () => {
  expect(Object.fromEntries(rowNames(table).map((row) => [row, normalizeRow(table, row).hash]))).toEqual({
    conv: '124f314585540ebf80d260c81d6de9ee1e4db7961cb049ede32761d03ed00d71',
    residual: 'ef6d053c4da99a743ac950425d4cac37d951e097125223c75760a544d29afbb3',
    'double-conv': '519d07297889a87fced02c5dd408390fbb265b1c7a2732b0b99f9d35f0971db2',
    'timm-resnet18': '64bc764e4fbd0ea922df6c759ba5ec1fdea44dc75401cc972247e325e2490704',
  })
})
