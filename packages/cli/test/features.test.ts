import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRng, disposeParams, TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { encodePhoto } from '@tricklab/testing/photos'
import { beforeAll, describe, expect, it } from 'vitest'
import { channelOf, colours, difference, grey, strength, usualRange } from '../src/lab/features/grid.ts'
import { createLayers, type LayerSpec } from '../src/lab/features/layers.ts'
import { showFeatures } from '../src/lab/features.ts'
import { runCli, temporaryFolder } from './run-cli.ts'

const twist: LayerSpec = {
  block: 'twist',
  options: {},
  outputs: 3,
  kernel: 'random',
  coefficients: undefined,
  seed: 1,
}
const context = { training: false, rng: createRng(1) }
const size = 6

/** Values of both layers on an image of three channels. */
function apply(spec: LayerSpec, image: (row: number, column: number, channel: number) => number) {
  const layers = createLayers(spec)
  const values = Array.from({ length: size * size * 3 }, (_, at) =>
    image(Math.floor(at / (3 * size)), Math.floor(at / 3) % size, at % 3),
  )
  const images = tf.tensor4d(values, [1, size, size, 3])
  const read = ({ apply: run }: typeof layers.block) => tf.tidy(() => run(images, context).dataSync() as Float32Array)
  const result = { plain: read(layers.plain), after: read(layers.block), image: values, sameKernel: layers.sameKernel }
  for (const { params } of [layers.block, layers.plain]) disposeParams(params)
  return result
}

describe('the layers', () => {
  beforeAll(() => prepareEngine('cpu'))

  it('differ by the twist alone: with coefficients of 0 they agree', () => {
    const wave = (row: number, column: number, channel: number) => Math.sin(3 * row + 5 * column + channel)
    const drawn = apply(twist, wave)
    expect(drawn.sameKernel).toBe(true)
    expect(drawn.after).not.toEqual(drawn.plain)
    const zero = apply({ ...twist, coefficients: [0, 0] }, wave)
    expect(zero.plain).toEqual(drawn.plain)
    zero.after.forEach((value, at) => {
      expect(value).toBeCloseTo(zero.plain[at]!, 5)
    })
    expect(apply({ ...twist, seed: 2 }, wave).plain).not.toEqual(drawn.plain)
  })

  it('have the kernel that is asked for', () => {
    const wave = (row: number, column: number) => row * column
    const same = apply({ ...twist, kernel: 'identity' }, wave)
    expect([...same.plain]).toEqual(same.image)
    expect(Math.max(...apply({ ...twist, kernel: 'zero' }, wave).plain.map(Math.abs))).toBe(0)
  })

  it('shrink and turn by the coefficients', () => {
    // Of a ramp to the right both Sobel filters are known: 8 and 0; so the twist is 8 · (Ax · X + Ay · Y).
    const [x, y] = [0.5, -0.25]
    const { after } = apply({ ...twist, kernel: 'zero', coefficients: [x, y] }, (_row, column) => column)
    for (let row = 1; row < size - 1; row++) {
      for (let column = 1; column < size - 1; column++) {
        const expected = 8 * (x * ((2 * column) / size - 1) + y * ((2 * row) / size - 1))
        for (const channel of [0, 1, 2]) expect(after[(row * size + column) * 3 + channel]).toBeCloseTo(expected, 5)
      }
    }
  })

  it.each([
    ['an unknown block', { block: 'twits' }, 'E_COMPONENT_UNKNOWN'],
    ['an unknown option', { options: { itres: 4 } }, 'E_OPTION_UNKNOWN'],
    ['coefficients of a block without', { block: 'conv2d', coefficients: [1, 1] }, 'E_ARGUMENT'],
    ['coefficients for other channels', { outputs: 4, coefficients: [1, 1] }, 'E_ARGUMENT'],
    ['coefficients in groups', { options: { channelsPerGroup: 1 }, coefficients: [1, 1] }, 'E_ARGUMENT'],
    ['the identity for other channels', { outputs: 4, kernel: 'identity' }, 'E_ARGUMENT'],
    ['the identity in groups', { options: { channelsPerGroup: 1 }, kernel: 'identity' }, 'E_ARGUMENT'],
  ] as const)('refuse %s', (_name, change, code) => {
    try {
      createLayers({ ...twist, ...(change as Partial<LayerSpec>) })
    } catch (error) {
      expect((error as TricklabError).problems.map((problem) => problem.code)).toEqual([code])
      return
    }
    expect.unreachable()
  })
})

describe('the pictures', () => {
  const features = { width: 2, height: 1, channels: 2, values: Float32Array.of(1, -2, 3, 6) }

  it('are channels, differences and their strength', () => {
    expect([...channelOf(features, 1)]).toEqual([-2, 6])
    const change = difference(features, { ...features, values: Float32Array.of(1, 1, 3, 2) })
    expect([...change.values]).toEqual([0, -3, 0, 4])
    expect([strength(change, 0), strength(change, 1)]).toEqual([0, Math.sqrt(12.5)])
  })

  it('are grey between the ends of the usual range', () => {
    const values = Float32Array.from({ length: 100 }, (_, index) => (index === 7 ? 1000 : index))
    expect(usualRange(values)).toEqual({ low: 1, high: 99 })
    expect([...grey(Float32Array.of(-5, 0, 5, 10, 15), { low: 0, high: 10 })].filter((_, at) => at % 3 === 0)).toEqual([
      0, 0, 128, 255, 255,
    ])
    expect([...grey(Float32Array.of(4), { low: 4, high: 4 })]).toEqual([128, 128, 128])
    expect([...colours({ ...features, values: Float32Array.of(-1, 0.2, 2) })]).toEqual([0, 51, 255])
  })
})

describe('lab features', () => {
  const out = temporaryFolder()
  const photo = path.join(out, 'photo.jpg')
  const given = { block: 'twist', kernel: 'random', seed: 1, size: 24, engine: 'cpu' }

  beforeAll(async () => writeFileSync(photo, await encodePhoto('photo', 48, 40)))

  it('draws an image before and after', { timeout: 180_000 }, async () => {
    const file = path.join(out, 'page.html')
    const layer = [
      '--block',
      'twist',
      '--set',
      'iters=3',
      '--kernel',
      'zero',
      '--coefficients',
      '0.2,0.1',
      '--shortcut',
    ]
    const args = ['features', photo, ...layer, '--size', '24', '--engine', 'wasm', '--out', file, '--json']
    const { code, stderr, json } = await runCli('lab', args)
    expect([code, stderr]).toEqual([0, ''])
    const { channels, options, coefficients, size: pixels } = json()
    expect([options, coefficients, pixels, channels.length]).toEqual([{ iters: 3 }, [0.2, 0.1], 24, 3])
    for (const { plain, change } of channels) {
      // The plain convolution adds nothing to the photo.
      expect(plain.low).toBeGreaterThanOrEqual(0)
      expect(plain.high).toBeLessThanOrEqual(1)
      expect(change).toBeGreaterThan(0.01)
    }
    const page = readFileSync(file, 'utf8')
    expect(page.match(/data:image\/png/g)).toHaveLength(1 + 3 + 3 * 3 + 3)
    expect(page).toContain('What twist adds')
  })

  it.each([
    ['no file', [path.join(out, 'none.jpg'), given], 'There is no image'],
    ['a file that is none', [import.meta.filename, given], 'cannot be decoded'],
    ['another kernel', [photo, { ...given, kernel: 'sobel' }], 'one of random, identity, zero'],
    ['an option without a value', [photo, { ...given, set: ['iters'] }], 'iters=4'],
    ['a shortcut of other channels', [photo, { ...given, shortcut: true, outputs: 4 }], '--outputs 3'],
  ] as const)('refuses %s', async (_name, [image, options], message) => {
    const error = await showFeatures(image, options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TricklabError)
    expect((error as Error).message).toContain(message)
  })
})
