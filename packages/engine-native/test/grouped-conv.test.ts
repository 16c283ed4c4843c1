import { describe, expect, test } from 'vitest'
import { nativeThreads } from '../src/index.ts'
import { nativeIsThere, randomValues, runOn } from './compare.ts'

describe.runIf(nativeIsThere())('native convolution in groups', () => {
  test('values and input gradients do not depend on the number of threads', async () => {
    const image = [2, 33, 32, 64]
    const [sources, stride, padding] = [[7, 0, 1, 2, 3, 4, 5, 6], 1, [1, 1, 1, 1]]
    const attrs = { groups: sources.length, sources, stride, padding }
    const x = randomValues(image)
    const weights = randomValues([3, 3, 8, 64])
    const threads = nativeThreads()
    const results: Float32Array[][] = []
    for (const count of [1, 3]) {
      nativeThreads(count)
      const y = await runOn('native', 'GroupedConv2D', { x, filter: weights }, attrs)
      const given = { ...attrs, height: image[1], width: image[2] }
      const dx = await runOn('native', 'GroupedConv2DBackpropInput', { dy: y, filter: weights }, given)
      results.push([y.data, dx.data])
    }
    nativeThreads(threads)
    expect(results[1]).toEqual(results[0])
  })
})
