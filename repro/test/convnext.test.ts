/**
 * All that fine-tuning a ConvNeXt asks for, in one row: timm's weights, a frozen body, rates by layer, stochastic depth, and
 * validation with larger images than training.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRegistry, createRng } from '@tricklab/core'
import { decodeSafetensors, encodeSafetensors, hashTensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { fromPublished, nn } from '@tricklab/nn'
import { fineTune } from '@tricklab/optim'
import convnext from '@tricklab/plugin-convnext'
import layerDecay from '@tricklab/plugin-layer-decay'
import stochasticDepth from '@tricklab/plugin-stochastic-depth'
import { beforeAll, expect, test } from 'vitest'
import { evaluateAgain, type RowOutcome, runKilled, runWhole } from './row-run.ts'
import { tinyTable } from './tiny-table.ts'

const published = new URL('../../plugins/convnext/test/golden/convnext.safetensors', import.meta.url)
const model = {
  ...{ use: 'convnext-atto', depths: [1, 2, 1, 1], widths: [4, 6, 8, 6] },
  slots: { attention: { use: 'stochastic-depth', rate: 0.3 } },
}
const body = ['stem', 'stages']
const own = {
  data: {
    dataset: { use: 'synthetic', classes: 3, channels: 3, imageSize: 36, trainSize: 24, validSize: 8 },
    train: { crop: { use: 'random-resized-crop', size: 32, minScale: 0.5 } },
    valid: { crop: { use: 'resize-crop', size: 36 } },
    normalize: { kind: 'none' },
    shuffle: true,
    dropLast: false,
  },
  model,
  optimizer: { use: 'adamw', learningRate: 0.02, decayNormAndBias: false },
}
const plugins = [convnext, stochasticDepth, layerDecay]

let weights: { file: string; sha256: string; except: string[] }
let start: StoredTensors

beforeAll(async () => {
  await prepareEngine('cpu')
  const registry = createRegistry([nn, ...plugins])
  const normal = normalizeModel(model, registry, 'test', [])
  const built = createModel(registry, normal, { imageShape: [32, 32, 3], classes: 3, init: createRng(1) })
  const nameOf = registry.component('model', 'convnext-atto').publishedName!
  start = fromPublished(built.params, decodeSafetensors(readFileSync(published), 'timm').tensors, nameOf, 'timm')
  built.dispose()
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tricklab-timm-')), 'timm.safetensors')
  writeFileSync(file, Buffer.concat(encodeSafetensors(start, {})))
  weights = { file, sha256: hashTensors(start), except: ['head'] }
})

const weightsOf = ({ folder }: RowOutcome): StoredTensors =>
  decodeSafetensors(readFileSync(path.join(folder, 'seed-1.safetensors')), 'weights').tensors

test("starts from timm's weights, trains the head and the norms, then all of it; killed, it ends the same", async () => {
  const [frozen, free] = fineTune({ epochs: 2, learningRate: 0.02, body })
  const table = tinyTable(
    plugins,
    { ...own, weights },
    { frozen: { stages: [frozen] }, whole: { stages: [frozen, free] } },
  )
  const first = weightsOf(await runWhole(table, 'frozen'))
  for (const [name, { data }] of Object.entries(first)) {
    const stays = !name.startsWith('head/') && !/norm\/|\/(0|1)\/(gamma|beta)$/.test(name)
    expect(data.join() === start[name]!.data.join(), name).toBe(stays)
  }
  const whole = await runWhole(table, 'whole')
  const after = weightsOf(whole)
  for (const [name, { data }] of Object.entries(after))
    expect(data.join() === start[name]!.data.join(), name).toBe(false)
  expect((await runKilled(table, 'whole', whole.batches, 2)).lines).toEqual(whole.lines)
  expect((await evaluateAgain(table, 'whole', whole)).seeds).toMatchObject([{ equal: true }])
})

test('the nearer a layer is to the input, the less it moves under layer-decay, and a scale goes with its block', async () => {
  const inner = { use: 'sgd', learningRate: 0.01 }
  const rows = {
    plain: { change: { optimizer: inner } },
    decayed: { change: { optimizer: { use: 'layer-decay', decay: 0.1, depth: 4, inner } } },
  }
  const table = tinyTable(plugins, { ...own, optimizer: inner, weights, epochs: 1, batchSize: 24 }, rows)
  const [plain, decayed] = [weightsOf(await runWhole(table, 'plain')), weightsOf(await runWhole(table, 'decayed'))]
  // One step: what a weight moved is its gradient times its rate, so that the ratio of two moves is that of the rates.
  const ratio = (name: string) => {
    const moved = (tensors: StoredTensors) =>
      Math.hypot(
        ...Array.from(tensors[name]!.data as Float32Array, (value, i) => value - (start[name]!.data[i] as number)),
      )
    return moved(decayed) / moved(plain)
  }
  const [last, before] = ['stages/3/blocks/0', 'stages/3/downsample']
  expect(ratio(`${last}/scale/gamma`)).toBeCloseTo(ratio(`${last}/mlp/fc2/weight`), 2)
  expect(ratio(`${before}/1/weight`) / ratio(`${last}/mlp/fc2/weight`)).toBeCloseTo(0.1, 2)
})
