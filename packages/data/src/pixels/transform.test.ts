import { createRng } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { type AugTransformsOptions, augTransforms } from '../augment/aug-transforms.ts'
import { pixelKernels } from './kernels.ts'
import type { Pixels } from './resample.ts'
import { type PixelTransform, transformInside } from './transform.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** 23 × 17 pixels with wrapped slopes. */
function createPixels(shift = 0): Pixels {
  const [width, height] = [23, 17]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (7 * x + 13 * y + 29 * c + x * y + shift) & 255
  return { data, width, height }
}

function run({ data, width, height }: Pixels, transform: PixelTransform): Float32Array {
  const kernels = pixelKernels()
  kernels.reset()
  const bytes = kernels.take(data.length)
  kernels.bytes(bytes, data.length).set(data)
  const out = new Float32Array(transform.output.width * transform.output.height * 3)
  transformInside(kernels, bytes, { width, height }, transform, out)
  return out
}

function expectClose(values: Float32Array, wanted: readonly number[], every = 1): void {
  const chosen = [...values].filter((_, index) => index % every === 0)
  expect(chosen.length).toBe(wanted.length)
  for (const [i, value] of chosen.entries()) expect(value).toBeCloseTo(wanted[i]!, 5)
}

const output = { width: 11, height: 9 }
const map = [1.3, -0.2, 0.15, 0.25, -1.1, -0.3, 0.1, -0.05, 1]
// PyTorch 2.15, float64: `grid_sample(pixels / 255, grid, padding_mode='reflection', align_corners=True)` on
// linspace(−1, 1) grids of 9 × 11 points sent through the map; after `interpolate(size=(6, 8), mode='area')`; and lit by
// `sigmoid(1.2 · (log(x / (1 − x)) − 0.3))`. Every 13th value in the order of height, width, channel.
const goldenSampled = [
  0.643963, 0.79146, 0.844352, 0.919518, 0.664869, 0.310994, 0.193698, 0.173401, 0.592813, 0.361212, 0.784149, 0.77466,
  0.469289, 0.185891, 0.889108, 0.213589, 0.273195, 0.857147, 0.289272, 0.542806, 0.954315, 0.460843, 0.846113,
]
const goldenShrunk = [
  0.705057, 0.650266, 0.597489, 0.573197, 0.536228, 0.411648, 0.320427, 0.469598, 0.639661, 0.398455, 0.649274,
  0.683098, 0.425084, 0.257131, 0.671051, 0.370377, 0.351579, 0.519567, 0.330327, 0.595875, 0.509195, 0.487824,
  0.562179,
]
const goldenLit = [
  0.586891, 0.775651, 0.841464, 0.928441, 0.613508, 0.211723, 0.111909, 0.096734, 0.522666, 0.260354, 0.766386,
  0.754318, 0.375757, 0.105995, 0.894541, 0.127404, 0.177385, 0.856945, 0.191746, 0.461569, 0.963982, 0.36625, 0.843607,
]

test('sampling, averaging of areas and lighting give the numbers of PyTorch', () => {
  expectClose(run(createPixels(), { map, output }), goldenSampled, 13)
  expectClose(run(createPixels(), { map, output, shrinkTo: { width: 8, height: 6 } }), goldenShrunk, 13)
  expectClose(run(createPixels(), { map, output, light: { shift: -0.3, contrast: 1.2 } }), goldenLit, 13)
})

test('normalisation comes last, by channel', () => {
  const normalize = { mean: [0.5, 0.25, 0.1], std: [0.2, 0.3, 0.4] }
  const wanted = [...run(createPixels(), { map, output })].map(
    (value, i) => (value - normalize.mean[i % 3]!) / normalize.std[i % 3]!,
  )
  expectClose(run(createPixels(), { map, output, normalize }), wanted)
})

test('the identity is a copy, and an image of one pixel fills any output', () => {
  const source = createPixels()
  const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  const same = run(source, { map: identity, output: { width: 23, height: 17 } })
  for (const [i, value] of same.entries()) expect(value).toBeCloseTo(source.data[i]! / 255, 4)
  const dot = run({ data: Uint8Array.of(51, 102, 204), width: 1, height: 1 }, { map, output: { width: 2, height: 3 } })
  expectClose(dot, Array.from({ length: 6 }, () => [0.2, 0.4, 0.8]).flat())
})

test('black, white and every byte stay in range and order under the strongest light', () => {
  const data = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3))
  const line: Pixels = { data, width: 256, height: 1 }
  for (const light of [
    { shift: 4, contrast: 5 },
    { shift: -4, contrast: 5 },
    { shift: 0, contrast: 0.01 },
  ]) {
    const values = run(line, { map: [1, 0, 0, 0, 1, 0, 0, 0, 1], output: { width: 256, height: 1 }, light })
    for (let i = 0; i < values.length; i++) {
      expect(values[i]).toBeGreaterThanOrEqual(i < 3 ? 0 : values[i - 3]! - 1e-6)
      expect(values[i]).toBeLessThanOrEqual(1)
    }
  }
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

test.each<[string, Partial<AugTransformsOptions>, ImageSize]>([
  ['standard options', {}, { width: 23, height: 17 }],
  ['a cut and another size', { size: 6, minScale: 0.4 }, { width: 6, height: 6 }],
  [
    'a strong turn',
    { size: 19, maxRotate: 170, maxWarp: 0.6, maxZoom: 3, maxLighting: 0.8 },
    { width: 19, height: 19 },
  ],
])('what is planned for threads is what the tensors become: %s', (_name, options, size) => {
  const given = { ...defaults, ...options }
  const augmentation = augTransforms.create(given)
  const images = [0, 90, 200].map(createPixels)
  const stream = () => createRng(5).at('augment', 0)
  const plans = augmentation.plan!(stream(), images.length, { width: 23, height: 17 })
  const wanted = tf.tidy(() => {
    const values = images.flatMap(({ data }) => [...data].map((byte) => byte / 255))
    return augmentation.apply(tf.tensor4d(values, [3, 17, 23, 3]), stream()).dataSync()
  })
  const count = size.width * size.height * 3
  for (const [i, plan] of plans.entries()) {
    const values = run(images[i]!, { ...plan, output: size })
    for (let k = 0; k < count; k++) expect(Math.abs(values[k]! - wanted[i * count + k]!)).toBeLessThan(2e-4)
  }
})
