import * as tf from '@tricklab/core/tf'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { maxPool2 } from '../src/index.ts'

/** Largest value of each 2 × 2 window and where it is; windows may stick out. */
function reference(values: readonly number[], height: number, width: number) {
  const outputs: number[] = []
  const won = values.map(() => 0)
  for (let top = 0; top < height; top += 2) {
    for (let left = 0; left < width; left += 2) {
      const inside = [0, 1].flatMap((dy) => [0, 1].map((dx) => [top + dy, left + dx] as const))
      const indices = inside.filter(([y, x]) => y < height && x < width).map(([y, x]) => y * width + x)
      const best = indices.reduce((a, b) => (values[a]! >= values[b]! ? a : b))
      outputs.push(values[best]!)
      won[best] = outputs.length
    }
  }
  return { outputs, won }
}

describe.each<EngineName>(['cpu', 'wasm'])('2 × 2 max pool on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  // All values negative: padding with zeros would win.
  test.each([
    [4, 4],
    [5, 3],
    [1, 1],
    [1, 6],
  ])('%i × %i: values and gradients, odd sizes rounded up', (height, width) => {
    const values = Array.from({ length: height * width }, (_, i) => Math.fround(-2 + Math.sin(0.7 * i * i)))
    const { outputs, won } = reference(values, height, width)
    const x = tf.tensor4d(values, [1, height, width, 1])
    const [y, dx] = tf.tidy(() => {
      const y = maxPool2(x)
      const dy = tf.tensor(
        outputs.map((_, i) => i + 1),
        y.shape,
      )
      return [
        y.arraySync().flat(3),
        tf
          .grad((x) => maxPool2(x as tf.Tensor4D))(x, dy)
          .dataSync(),
      ]
    })
    expect(y).toEqual(outputs)
    expect(Array.from(dx)).toEqual(won)
    x.dispose()
  })
})
