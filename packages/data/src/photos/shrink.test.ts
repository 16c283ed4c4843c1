import path from 'node:path'
import { createRegistry } from '@tricklab/core'
import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { readPhoto } from '../decode/read-photo.ts'
import { data } from '../index.ts'
import { shrunkSize } from './shrink.ts'

test('a recipe that shrinks nothing is the recipe of before; one that does is another', () => {
  const registry = createRegistry([data])
  const normalize = (options: object) => registry.normalize('dataset', { use: 'imagewoof', ...options }, 'here')
  const before = { use: 'imagewoof', archive: 'full', onBadImage: 'fail' }
  expect(normalize({})).toEqual({ use: before, problems: [] })
  expect(normalize({ shrinkTrain: 0, shrinkValid: 0, orientation: 'stored', colours: 'stored' }).use).toEqual(before)
  expect(normalize({ shrinkTrain: 160 })).toEqual({ use: { ...before, shrinkTrain: 160 }, problems: [] })
  expect(normalize({ shrinkValid: 1.5 }).problems[0]!.code).toBe('E_OPTION_TYPE')
})

test('the shorter side is as asked, the longer one cut to whole pixels; smaller photos stay', () => {
  expect(shrunkSize({ width: 500, height: 375 }, 160)).toEqual({ width: 213, height: 160 })
  expect(shrunkSize({ width: 375, height: 500 }, 160)).toEqual({ width: 160, height: 213 })
  expect(shrunkSize({ width: 375, height: 375 }, 160)).toEqual({ width: 160, height: 160 })
  expect(shrunkSize({ width: 160, height: 900 }, 160)).toEqual({ width: 160, height: 900 })
  expect(shrunkSize({ width: 100, height: 90 }, 160)).toEqual({ width: 100, height: 90 })
  expect(shrunkSize({ width: 500, height: 375 }, 0)).toEqual({ width: 500, height: 375 })
})

test('no side is enlarged, and the aspect is kept within a pixel', () => {
  const side = fc.integer({ min: 1, max: 5000 })
  fc.assert(
    fc.property(side, side, side, (width, height, shorter) => {
      const size = shrunkSize({ width, height }, shorter)
      expect(Math.min(size.width, size.height)).toBe(Math.min(shorter, width, height))
      expect(size.width <= width && size.height <= height).toBe(true)
      const scale = Math.min(1, shorter / Math.min(width, height))
      for (const [to, from] of [
        [size.width, width],
        [size.height, height],
      ] as const)
        expect(Math.abs(to - from * scale)).toBeLessThan(1)
    }),
    { seed: 1 },
  )
})

// python3 -c "
// from PIL import Image; import numpy as np
// a = np.array([[[(7*x + 13*y + 29*c + x*y) & 255 for c in range(3)] for x in range(23)] for y in range(17)], np.uint8)
// print(np.asarray(Image.fromarray(a).resize((8, 6), Image.BILINEAR)).reshape(-1).tolist())"   (Pillow 13.0)
const golden = [
  25, 54, 83, 47, 76, 105, 70, 99, 128, 94, 123, 152, 117, 146, 175, 141, 170, 187, 164, 183, 187, 179, 188, 161, 62,
  91, 120, 90, 119, 148, 121, 150, 179, 152, 180, 198, 179, 188, 167, 175, 142, 97, 144, 96, 80, 104, 84, 82, 102, 131,
  160, 138, 167, 195, 176, 195, 178, 190, 151, 101, 124, 84, 72, 73, 74, 96, 81, 105, 134, 112, 141, 167, 142, 171, 199,
  184, 192, 161, 179, 107, 77, 89, 68, 82, 76, 99, 128, 117, 146, 171, 161, 172, 176, 174, 142, 133, 182, 199, 180, 183,
  105, 73, 83, 65, 90, 87, 116, 145, 142, 169, 179, 178, 167, 131, 135, 98, 85, 83, 82, 107, 200, 152, 81, 86, 62, 78,
  83, 112, 141, 145, 170, 183, 191, 162, 94, 106, 81, 79, 85, 106, 135, 134, 163, 174,
]

test('a shrunk photo has the bytes of Pillow', async () => {
  const [width, height] = [23, 17]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (7 * x + 13 * y + 29 * c + x * y) & 255
  const file = path.join(await createFolder(), 'photo.png')
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(file)
  const shrinkTo = shrunkSize({ width, height }, 6)
  expect(shrinkTo).toEqual({ width: 8, height: 6 })
  const shrunk = await readPhoto({ path: file, shrinkTo })
  expect([...shrunk.data]).toEqual(golden)
})
