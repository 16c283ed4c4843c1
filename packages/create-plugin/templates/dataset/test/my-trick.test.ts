import { expect, test } from 'vitest'
import { drawMyTrick } from '../src/my-trick.js'

test('bytes from somewhere else', () => {
  expect.fail(
    `Red on purpose. Write here the first bytes of an image as another reader of the data gives them, in place of ` +
      `${drawMyTrick.name}: expect([...dataset.readSync('train', 0).pixels.slice(0, 4)]).toEqual([255, 255, 0, 0])`,
  )
})
