import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createRegistry, createRng, listParams, type Shape } from '@tricklab/core'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { nn } from '@tricklab/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { classMaps, cutModel, enlarge, mapOf } from '../src/lab/cam/maps.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const context = { training: false, rng: createRng(1) }

function build(model: { use: string }, imageShape: Shape = [64, 48, 3]) {
  const registry = createRegistry([nn])
  const normal = normalizeModel(model, registry, 'test', [])
  return createModel(registry, normal, { imageShape, classes: 5, init: createRng(3) })
}

function draw(shape: [number, number, number, number]): tf.Tensor4D {
  const stream = createRng(5).at('images')
  return tf.tensor4d(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.normal()),
    shape,
  )
}

describe('class maps', () => {
  beforeAll(() => prepareEngine('cpu'))

  it.each([
    ['resnet18 with pool and linear layer apart', { use: 'resnet18' }],
    ['xresnet18 with the head of fastai', { use: 'xresnet18', layers: [1, 1], widths: [4, 6], stemWidths: [4] }],
  ])('are the features weighed by the linear layer: %s', async (_name, recipe) => {
    const model = build(recipe)
    const images = draw([1, 64, 48, 3])
    const cut = cutModel(model)
    const before = tf.memory().numTensors
    const maps = await classMaps(cut, images, context)
    expect(tf.memory().numTensors).toBe(before)
    const features = tf.tidy(() => cut.body.reduce((x, { block }) => block.apply(x, context), images))
    const params = listParams(model.params)
    const weight = params.findLast(({ path: name }) => name.endsWith('weight'))!.value
    const values = features.dataSync()
    const weights = weight.dataSync()
    const channels = features.shape[3]
    for (let p = 0; p < maps.width * maps.height; p++) {
      for (let k = 0; k < 5; k++) {
        let sum = 0
        for (let c = 0; c < channels; c++) sum += values[p * channels + c]! * weights[c * 5 + k]!
        expect(maps.maps[p * 5 + k]).toBeCloseTo(sum, 3)
      }
    }
    const scores = model.apply(images, context).dataSync()
    for (let k = 0; k < 5; k++) {
      const map = mapOf(maps, k)
      expect(map.reduce((sum, value) => sum + value, 0) / map.length + maps.biases[k]!).toBeCloseTo(scores[k]!, 3)
    }
    expect([maps.height, maps.width]).toEqual(features.shape.slice(1, 3))
  })

  it('are refused where the head is no linear map of the mean', async () => {
    const model = build({ use: 'slowai-cnn' }, [32, 24, 3])
    const images = draw([1, 32, 24, 3])
    await expect(classMaps(cutModel(model), images, context)).rejects.toThrow(
      'not a linear map of the mean over the 2 × 2 positions before "layers/4"',
    )
    expect(() => cutModel(build({ use: 'slowai-cnn' }, [1, 1, 3]))).toThrow('a single position')
  })

  it('are enlarged as PyTorch enlarges: interpolate(mode="bilinear", align_corners=False)', () => {
    // torch.nn.functional.interpolate(torch.tensor([[[[1., 2, -3], [4, 0, 6]]]]), size=(4, 5), mode='bilinear')
    const expected = [1, 1.4, 2, -1, -3, 1.75, 1.65, 1.5, 0.15, -0.75, 3.25, 2.15, 0.5, 2.45, 3.75, 4, 2.4, 0, 3.6, 6]
    const large = enlarge(Float32Array.of(1, 2, -3, 4, 0, 6), { width: 3, height: 2 }, { width: 5, height: 4 })
    expected.forEach((value, index) => {
      expect(large[index]).toBeCloseTo(value, 5)
    })
    expect([...enlarge(Float32Array.of(7), { width: 1, height: 1 }, { width: 2, height: 1 })]).toEqual([7, 7])
  })
})

describe('lab cam', () => {
  const out = temporaryFolder()
  const table = fixture('tricks.ts')
  const run = () => path.join(out, 'tricks/plain', readdirSync(path.join(out, 'tricks/plain'))[0]!)

  beforeAll(async () => {
    const train = ['--engine', 'wasm', '--seed', '1', '--epochs', '1', '--out', out]
    await runCli('repro', [`${table}#plain`, ...train])
  }, 180_000)

  it('draws the maps of the likeliest classes of every image', { timeout: 180_000 }, async () => {
    const file = path.join(out, 'page.html')
    const args = ['cam', run(), '0', '7', '--table', table, '--engine', 'wasm', '--top', '2']
    const result = await runCli('lab', [...args, '--out', file, '--json'])
    expect(result.stderr).not.toContain('✖')
    expect(result.code).toBe(0)
    const { images, seed } = result.json()
    expect(seed).toBe(1)
    expect(images.map(({ name }: { name: string }) => name)).toEqual(['validation image 0', 'validation image 7'])
    for (const { label, width, height, classes } of images) {
      expect(label).toMatch(/\w/)
      expect([width, height, classes.length]).toEqual([2, 2, 2])
      expect(classes[0].probability).toBeGreaterThan(classes[1].probability)
      expect(classes[0].probability + classes[1].probability).toBeLessThan(1)
      for (const { score, bias, values } of classes) {
        const mean = values.reduce((sum: number, value: number) => sum + value, 0) / values.length
        expect(mean + bias).toBeCloseTo(score, 4)
        expect(new Set(values).size).toBe(4)
      }
    }
    const page = readFileSync(file, 'utf8')
    // The image alone, and below each of two maps.
    expect(page.match(/data:image\/png/g)).toHaveLength(2 * (1 + 2 * 2))
    expect(page).toContain(
      `${images[1].classes[0].name}, ${(100 * images[1].classes[0].probability).toFixed(1)}\u00a0%`,
    )
  })

  it('wants at least one class', { timeout: 180_000 }, async () => {
    const result = await runCli('lab', ['cam', run(), '0', '--top', '0'])
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('[E_ARGUMENT]')])
  })
})
