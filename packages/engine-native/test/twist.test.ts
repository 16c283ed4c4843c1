import { expect, test } from 'vitest'
import { nativeIsThere, runOn, type Values } from './compare.ts'

test.runIf(nativeIsThere())('no images have no slopes', async () => {
  const none: Values = { shape: [0, 4, 4, 3], data: new Float32Array() }
  expect((await runOn('native', 'TwistedSlopes', { x: none }, { stride: 1 })).shape).toEqual([0, 4, 4, 6])
})
