import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type AugTransformsOptions, applyAugment, augTransforms, drawAugment } from './aug-transforms.ts'
import { identity, scaling } from './homography.ts'
import { applyLighting } from './lighting.ts'
import { sampleGrid, shrinkByArea } from './sample-grid.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const defaults: AugTransformsOptions = {
  size: 0,
  minScale: 1,
  flip: 0.5,
  maxRotate: 10,
  minZoom: 1,
  maxZoom: 1.1,
  maxWarp: 0.2,
  affineChance: 0.75,
  maxLighting: 0.2,
  lightingChance: 0.75,
}

/** Two smooth images of 7 × 9 pixels and three channels. */
function createImages(): tf.Tensor4D {
  const values: number[] = []
  for (let b = 0; b < 2; b++)
    for (let i = 0; i < 7; i++)
      for (let j = 0; j < 9; j++)
        for (let c = 0; c < 3; c++) values.push(0.5 + 0.45 * Math.sin(1.3 * b + 0.7 * c + 0.9 * i + (0.4 * j * j) / 3))
  return tf.tensor4d(values, [2, 7, 9, 3])
}

const crop = { left: 0, top: 0, width: 9, height: 7 }
const neutral = {
  flip: false,
  rotate: 0,
  zoom: 1,
  zoomX: 0.5,
  zoomY: 0.5,
  warpX: 0,
  warpY: 0,
  brightness: 0.5,
  contrast: 1,
}
const plan = {
  crop,
  images: [
    {
      flip: true,
      rotate: 8,
      zoom: 1.07,
      zoomX: 0.3,
      zoomY: 0.9,
      warpX: 0.15,
      warpY: -0.1,
      brightness: 0.43,
      contrast: 1.2,
    },
    {
      flip: false,
      rotate: -5,
      zoom: 1,
      zoomX: 0.8,
      zoomY: 0.2,
      warpX: 0,
      warpY: 0.18,
      brightness: 0.5,
      contrast: 0.85,
    },
  ],
}

function expectClose(tensor: tf.Tensor, wanted: readonly number[], every = 1): void {
  const values = [...tensor.dataSync()].filter((_, index) => index % every === 0)
  expect(values.length).toBe(wanted.length)
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(wanted[i]!, 5)
}

// fastai's matrices and perspective written out in PyTorch, float64: affine_grid, find_coeffs, grid_sample with reflection
// and align_corners, then brightness and contrast on the logit; every 11th value of the result of 5 × 6 pixels.
const goldenSampled = [
  0.74561, 0.52094, 0.827958, 0.916014, 0.727618, 0.373431, 0.142567, 0.325369, 0.203473, 0.086143, 0.326191, 0.731503,
  0.123212, 0.844686, 0.735058, 0.607109, 0.763985,
]
const goldenLit = [
  0.721553, 0.440865, 0.824516, 0.926153, 0.698647, 0.277028, 0.076479, 0.229124, 0.121757, 0.118426, 0.350545, 0.70097,
  0.15869, 0.808375, 0.704199, 0.591435, 0.730754,
]

test('a fixed plan gives the numbers of PyTorch', () => {
  const images = createImages()
  const size = { width: 6, height: 5 }
  const dark = { crop, images: plan.images.map((image) => ({ ...image, brightness: 0.5, contrast: 1 })) }
  expectClose(applyAugment(images, dark, size), goldenSampled, 11)
  expectClose(applyAugment(images, plan, size), goldenLit, 11)
})

test('far outside the image it is mirrored again and again, as in PyTorch', () => {
  const images = tf.slice4d(createImages(), [0, 0, 0, 0], [1, 7, 9, 3])
  const row = [
    0.899051, 0.882093, 0.685431, 0.906595, 0.859479, 0.643295, 0.424659, 0.196157, 0.110557, 0.792737, 0.828005,
    0.709007,
  ]
  expectClose(sampleGrid(images, [scaling(5, 4, 0.3, -0.6)], { width: 4, height: 3 }), [...row, ...row, ...row])
})

test('averaging areas gives the numbers of PyTorch', () => {
  const shrunk = shrinkByArea(createImages(), { width: 4, height: 3 })
  const golden = [
    0.795309, 0.817673, 0.690631, 0.72004, 0.569886, 0.386863, 0.350818, 0.341074, 0.406075, 0.539658, 0.547898,
    0.53361,
  ]
  expectClose(tf.slice4d(shrunk, [0, 0, 0, 0], [1, 1, 4, 3]), golden)
})

test('a neutral plan changes nothing; a cut at the same scale is a slice', () => {
  const images = createImages()
  const same = applyAugment(images, { crop, images: [neutral, neutral] }, { width: 9, height: 7 })
  expectClose(same, [...images.dataSync()])
  const cut = { left: 3, top: 1, width: 4, height: 4 }
  const part = applyAugment(images, { crop: cut, images: [neutral, neutral] }, { width: 4, height: 4 })
  expectClose(part, [...tf.slice4d(images, [0, 1, 3, 0], [2, 4, 4, 3]).dataSync()])
})

test('mirroring alone reverses the rows', () => {
  const images = createImages()
  const flipped = applyAugment(images, { crop, images: [neutral, { ...neutral, flip: true }] }, { width: 9, height: 7 })
  const wanted = tf.concat([tf.slice(images, [0], [1]), tf.reverse(tf.slice(images, [1], [1]), 2)])
  expectClose(flipped, [...wanted.dataSync()])
})

test('more images than a chunk are sampled each by its own map', () => {
  const images = tf.tile(createImages(), [9, 1, 1, 1]) as tf.Tensor4D
  const maps = Array.from({ length: 18 }, (_, i) => (i === 13 ? scaling(-1, 1, 0, 0) : identity))
  const wanted = tf.concat([
    tf.slice(images, [0], [13]),
    tf.reverse(tf.slice(images, [13], [1]), 2),
    tf.slice(images, [14], [4]),
  ])
  expectClose(sampleGrid(images, maps, { width: 9, height: 7 }), [...wanted.dataSync()])
})

test('lighting keeps the range, the order and the ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 9 }),
      fc.double({ min: -0.4, max: 0.4, noNaN: true }),
      fc.double({ min: 0.8, max: 1.25, noNaN: true }),
      (values, shift, contrast) => {
        const sorted = values.sort((a, b) => a - b)
        const lit = applyLighting(tf.tensor4d(sorted, [1, 1, sorted.length, 1]), [shift], [contrast]).dataSync()
        for (const [i, value] of lit.entries()) {
          expect(value >= 0 && value <= 1).toBe(true)
          if (i > 0) expect(value).toBeGreaterThanOrEqual(lit[i - 1]! - 1e-6)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('draws stay in their ranges and have their chances', () => {
  const source = { width: 40, height: 40 }
  const { images, crop: square } = drawAugment(createRng(1).at('a'), 4000, source, { ...defaults, minScale: 0.75 })
  const share = (pick: (image: (typeof images)[number]) => boolean) => images.filter(pick).length / images.length
  expect(share((image) => image.flip)).toBeCloseTo(0.5, 1)
  expect(share((image) => image.rotate !== 0)).toBeCloseTo(0.75, 1)
  expect(share((image) => image.brightness !== 0.5)).toBeCloseTo(0.75, 1)
  expect(share((image) => Math.abs(image.rotate) <= 10 && image.zoom >= 1 && image.zoom <= 1.1)).toBe(1)
  expect(share((image) => image.contrast >= 0.8 - 1e-9 && image.contrast <= 1.25 + 1e-9)).toBe(1)
  expect(share((image) => Math.abs(image.warpX) <= 0.2 && Math.abs(image.warpY) <= 0.2)).toBe(1)
  expect(square.width).toBe(square.height)
  expect(square.width).toBeGreaterThanOrEqual(Math.round(Math.sqrt(0.75 * 1600)))
})

test('one option does not shift the draws of another', () => {
  const draw = (more: Partial<AugTransformsOptions>) =>
    drawAugment(createRng(2).at('a'), 5, { width: 8, height: 8 }, { ...defaults, ...more }).images
  const [all, still] = [draw({}), draw({ maxRotate: 0, affineChance: 0 })]
  expect(still.map(({ brightness, zoomX }) => [brightness, zoomX])).toEqual(
    all.map(({ brightness, zoomX }) => [brightness, zoomX]),
  )
})

test('the component keeps its input, declares its size and leaks nothing', () => {
  const augmentation = augTransforms.create({ ...defaults, size: 5, minScale: 0.6 })
  expect(augmentation.output?.({ width: 9, height: 7 })).toEqual({ width: 5, height: 5 })
  const images = createImages()
  const before = [...images.dataSync()]
  const count = tf.memory().numTensors
  const stream = () => createRng(3).at('augment', 0)
  const [a, b] = [augmentation.apply(images, stream()), augmentation.apply(images, stream())]
  expect(tf.memory().numTensors).toBe(count + 2)
  expect(a.shape).toEqual([2, 5, 5, 3])
  expect([...a.dataSync()]).toEqual([...b.dataSync()])
  expect([...images.dataSync()]).toEqual(before)
})
