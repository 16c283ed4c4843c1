import type { CropPlan } from '@tricklab/core/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resamplePlainly } from '../../test/plain-resample.ts'
import { resizeCenterCrop } from '../crops/resize-center-crop.ts'
import { type Pixels, resample } from './resample.ts'

/** 23 × 17 pixels with wrapped slopes: every rounding shows. */
function createPixels(): Pixels {
  const [width, height] = [23, 17]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (7 * x + 13 * y + 29 * c + x * y) & 255
  return { data, width, height }
}

function run(source: Pixels, plan: CropPlan): number[] {
  const out = new Uint8Array(plan.outWidth * plan.outHeight * 3)
  resample(source, plan, out)
  return [...out]
}

const whole = {
  left: 0,
  top: 0,
  width: 23,
  height: 17,
  outWidth: 23,
  outHeight: 17,
  flip: false,
  edges: 'image',
} as const

// torchvision 0.29 on a Pillow image of the same pixels: hflip(resized_crop(2, 3, 13, 16 → 3 × 4)),
// resized_crop(5, 7, 3, 2 → 4 × 3), CenterCrop(4)(Resize(7)).
test.each<[string, CropPlan, number[]]>([
  [
    'a region made smaller and mirrored',
    { left: 3, top: 2, width: 16, height: 13, outWidth: 4, outHeight: 3, flip: true, edges: 'region' },
    [
      153, 125, 95, 170, 167, 150, 147, 171, 184, 107, 136, 164, 101, 120, 142, 100, 92, 103, 158, 126, 100, 172, 176,
      166, 166, 147, 120, 135, 158, 164, 85, 92, 119, 153, 87, 75,
    ],
  ],
  [
    'a region made larger',
    { left: 7, top: 5, width: 2, height: 3, outWidth: 3, outHeight: 4, flip: false, edges: 'region' },
    [
      149, 178, 207, 155, 184, 213, 161, 190, 219, 162, 191, 220, 168, 197, 226, 174, 203, 232, 177, 206, 235, 184, 213,
      194, 190, 219, 152, 189, 218, 247, 196, 225, 126, 203, 232, 5,
    ],
  ],
  [
    'the centre of the whole image made smaller',
    resizeCenterCrop.create({ size: 4, margin: 3, smallImages: 'enlarge' }).draw({ width: 23, height: 17 }, null),
    [
      146, 175, 201, 178, 200, 186, 196, 170, 115, 149, 93, 63, 191, 193, 161, 187, 125, 61, 103, 59, 72, 60, 81, 110,
      184, 84, 56, 69, 57, 85, 72, 101, 130, 117, 146, 174, 79, 60, 86, 79, 107, 136, 130, 159, 179, 178, 191, 161,
    ],
  ],
])('%s has the bytes of torchvision and Pillow', (_name, plan, golden) => {
  expect(run(createPixels(), plan)).toEqual(golden)
})

test('the same size is a copy; mirrored twice as well', () => {
  const source = createPixels()
  expect(run(source, whole)).toEqual([...source.data])
  const mirrored = Uint8Array.from(run(source, { ...whole, flip: true }))
  expect(mirrored).not.toEqual(source.data)
  expect(run({ ...source, data: mirrored }, { ...whole, flip: true })).toEqual([...source.data])
})

const plans = (width: number, height: number) =>
  fc
    .record({
      left: fc.double({ min: 0, max: width * 0.6, noNaN: true }),
      top: fc.double({ min: 0, max: height * 0.6, noNaN: true }),
      width: fc.double({ min: 0.5, max: width * 0.4, noNaN: true }),
      height: fc.double({ min: 0.5, max: height * 0.4, noNaN: true }),
      outWidth: fc.integer({ min: 1, max: 30 }),
      outHeight: fc.integer({ min: 1, max: 30 }),
      flip: fc.boolean(),
      edges: fc.constantFrom('region' as const, 'image' as const),
    })
    .map((plan) => plan as CropPlan)

test('any plan stays within the values of its region, and an image of one colour stays so', () => {
  const plain = { width: 23, height: 17, data: new Uint8Array(23 * 17 * 3).fill(201) }
  fc.assert(
    fc.property(plans(20, 17), (plan) => {
      expect(new Set(run(plain, plan))).toEqual(new Set([201]))
    }),
  )
})

test('the kernels have the bytes of the plain loops for any image and plan', () => {
  const images = fc
    .record({ width: fc.integer({ min: 2, max: 90 }), height: fc.integer({ min: 2, max: 70 }) })
    .chain(({ width, height }) =>
      fc.record({
        source: fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((data) => ({
          data,
          width,
          height,
        })),
        plan: plans(width, height),
      }),
    )
  fc.assert(
    fc.property(images, ({ source, plan }) => {
      const wanted = new Uint8Array(plan.outWidth * plan.outHeight * 3)
      resamplePlainly(source, plan, wanted)
      expect(run(source, plan)).toEqual([...wanted])
    }),
    { numRuns: 300 },
  )
})
