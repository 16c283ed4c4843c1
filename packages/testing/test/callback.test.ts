import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { callbackContract, checkCallback } from '../src/index.ts'
import { brokenCallbacks } from './broken-callbacks.ts'
import { createMixupLike } from './mixup-like.ts'

callbackContract({
  plugin: createMixupLike(),
  name: 'mixup-like',
  options: [{}, { alpha: 1 }],
  off: { alpha: 0 },
})

describe('a broken callback is found out', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test.each(brokenCallbacks)('$breakage', async ({ plugin, check, message }) => {
    const problems = await checkCallback({ plugin, name: 'mixup-like', off: { alpha: 0 } }, { only: [check] })
    expect(problems).toEqual([{ check, message: expect.stringMatching(message) }])
  })
})
