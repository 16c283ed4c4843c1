import { readFileSync } from 'node:fs'
import { createRegistry, createRng, listParams } from '@tricklab/core'
import { decodeSafetensors, storeTensors } from '@tricklab/core/checkpoint'
import type { Problem } from '@tricklab/core/errors'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { fromPublished, nn, toPublished } from '@tricklab/nn'
import '@tricklab/testing/matchers'
import { beforeAll, describe, expect, test } from 'vitest'
import mbconv from '../src/index.ts'

const place = (name: string) => new URL(`./golden/${name}`, import.meta.url)
const golden = JSON.parse(readFileSync(place('published.json'), 'utf8')) as {
  classes: number
  size: number
  scores: number[]
}
const registry = createRegistry([nn, mbconv])
const nameOf = registry.component('model', 'efficientnet-b0').publishedName!
const read = () => decodeSafetensors(readFileSync(place('published.safetensors')), 'fixture').tensors

function create() {
  const problems: Problem[] = []
  const normal = normalizeModel({ use: 'efficientnet-b0', width: 0.1, depth: 0.4 }, registry, 'test', problems)
  expect(problems).toEqual([])
  const { size, classes } = golden
  return createModel(registry, normal, { imageShape: [size, size, 3], classes, init: createRng(1) })
}

/** As in golden/make_published.py. */
function drawImages(): tf.Tensor4D {
  const { size } = golden
  const half = 3 * size * size
  const values = Float32Array.from(
    { length: 2 * half },
    (_, i) => Math.fround(Math.sin(0.7 * i * i + 0.5)) * (i < half ? 1 : 4),
  )
  return tf.tensor4d(values, [2, size, size, 3])
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(() => prepareEngine(engine).then(() => undefined))

  test("timm's weights of a tiny EfficientNet give timm's scores, and go back as they came", async () => {
    const model = create()
    const published = read()
    const own = fromPublished(model.params, published, nameOf, 'fixture')
    for (const { path, value } of listParams(model.params)) {
      tf.tidy(() => value.assign(tf.tensor(own[path]!.data, [...own[path]!.shape])))
    }
    const scores = tf.tidy(() => model.apply(drawImages(), { training: false, rng: createRng(0) }).dataSync())
    expect(scores).toBeAllClose(golden.scores, { rtol: 0, atol: 1e-4 })
    const values = await storeTensors(Object.fromEntries(listParams(model.params).map((p) => [p.path, p.value])))
    const counters = Object.keys(published).filter((name) => name.endsWith('.num_batches_tracked'))
    expect({ ...toPublished(model.params, values, nameOf, 'fixture') }).toEqual(
      Object.fromEntries(Object.entries(published).filter(([name]) => !counters.includes(name))),
    )
    model.dispose()
  })
})
