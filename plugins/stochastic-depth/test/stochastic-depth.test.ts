import { createRegistry, createRng, listParams } from '@tricklab/core'
import { createModel, defineSummaryTable, normalizeSummaryModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { drawDropConnect, nn } from '@tricklab/nn'
import { describeOnEngines, drawImages } from '@tricklab/testing'
import { expect, test } from 'vitest'
import stochasticDepth from '../src/index.ts'

test.each([0.1, 0.5, 0.9])('of rate %d: that share is left out, and the mean is 1', (rate) => {
  const kept = drawDropConnect(createRng(5).at('kept'), 20_000, rate)
  const share = kept.filter((factor) => factor === 0).length / kept.length
  // A deviation is below 0.0036.
  expect(Math.abs(share - rate)).toBeLessThan(0.018)
  for (const factor of kept) if (factor !== 0) expect(factor).toBeCloseTo(1 / (1 - rate), 5)
})

describeOnEngines('branches that are left out', () => {
  test('leave the shortcut alone, image by image; those that are kept are scaled up', () => {
    const registry = createRegistry([nn, stochasticDepth], { rng: createRng(1) })
    const block = registry.create(
      'block',
      { use: 'stochastic-depth', rate: 0.5 },
      {
        ...{ inputChannels: 2, outputChannels: 2, stride: 1, kernelSize: 1, activate: false },
        init: createRng(1),
      },
    )
    const images = tf.tensor4d(drawImages(7, 8, [3, 3, 2]), [8, 3, 3, 2])
    const [out, again] = [0, 0].map(() => block.apply(images, { training: true, rng: createRng(4) }))
    const factors = Array.from(drawDropConnect(createRng(4).at('kept'), 8, 0.5))
    expect(new Set(factors)).toEqual(new Set([0, 2]))
    const [x, y] = [images.dataSync(), out!.dataSync()]
    for (const [index, value] of y.entries()) expect(value).toBe(x[index]! * factors[Math.floor(index / 18)]!)
    expect(again!.dataSync()).toEqual(y)
    tf.dispose([images, out!, again!])
  })

  test.each([
    [0, true],
    [0.999999, false],
  ])('stand at the end of every branch of an xresnet: of rate %d its last norm has a gradient: %s', (rate, trained) => {
    const table = defineSummaryTable({
      id: 'depth',
      title: '',
      source: '',
      plugins: [nn, stochasticDepth],
      imageShape: [16, 16, 3],
      classes: 3,
      rows: {
        row: {
          model: {
            ...{ use: 'xresnet18', layers: [1, 2], widths: [4, 8], stemWidths: [4, 4] },
            slots: { attention: { use: 'stochastic-depth', rate, where: 'every-block' } },
          },
          reported: { totalParams: 0 },
        },
      },
    })
    const registry = createRegistry(table.plugins)
    const normal = normalizeSummaryModel(table, 'row', registry)
    const model = createModel(registry, normal, { imageShape: [16, 16, 3], classes: 3, init: createRng(2) })
    const images = tf.tensor4d(drawImages(3, 4, [16, 16, 3]), [4, 16, 16, 3])
    const norms = listParams(model.params).filter(({ path }) => /^stage.*norm2\/gamma$/.test(path))
    expect(norms).toHaveLength(3)
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.square(model.apply(images, { training: true, rng: createRng(9) }))) as tf.Scalar,
      norms.map((param) => param.value),
    )
    for (const param of norms) {
      const gradient = grads[param.value.name]!.dataSync()
      expect(gradient.some((slope) => slope !== 0)).toBe(trained)
    }
    tf.dispose([value, images, grads])
    model.dispose()
  })
})
