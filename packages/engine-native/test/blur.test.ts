import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { nativeIsThere, randomValues, runOn, type Values } from './compare.ts'

const reflecting = { taps: [1, 5, 10, 10, 5, 1].map((tap) => tap / 32), stride: 2, padding: [2, 3], border: 'reflect' }
const zeros = { taps: [0.25, 0.5, 0.25], stride: 2, padding: [1, 1], border: 'zero' }

describe.runIf(nativeIsThere())('native blur pooling', () => {
  test('the smallest images that a mirror can fill', async () => {
    const x = randomValues([2, 4, 4, 5])
    const y = await runOn('native', 'BlurPool', { x }, reflecting)
    expect(y.shape).toEqual([2, 2, 2, 5])
    const smaller = tf.tensor(randomValues([1, 3, 3, 5]).data, [1, 3, 3, 5])
    expect(() => tf.engine().runKernel('BlurPool', { x: smaller }, reflecting as never)).toThrow(/border/)
    smaller.dispose()
  })

  test('constants stay, up to the border of zeros', async () => {
    const x: Values = { shape: [1, 9, 9, 20], data: new Float32Array(1620).fill(3) }
    const y = await runOn('native', 'BlurPool', { x }, reflecting)
    expect([...y.data].every((value) => value === 3)).toBe(true)
    const faded = await runOn('native', 'BlurPool', { x }, zeros)
    expect([faded.data[0], faded.data[6 * 20]]).toEqual([3 * 0.75 ** 2, 3])
  })
})
