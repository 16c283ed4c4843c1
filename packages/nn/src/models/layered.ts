import { fail, type Model, type ModelLayer, type Shape } from '@tricklab/core'
import type { ParamTree } from '@tricklab/core/contracts'
import { blameOrigin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { applyPart } from '../layers/sequential.ts'
import { formatShape, sameShape, within } from '../shape.ts'

/**
 * A model of layers one after the other; the last puts out 1 × 1 images with a channel a class. A layer named
 * `layer1/0` has its parameters below `layer1`, then `0`.
 * @errors E_SHAPE, naming the layer, when images of this shape cannot pass
 */
export function createLayeredModel(layers: readonly ModelLayer[], inputShape: Shape, classes: number): Model {
  const last = walk(layers, inputShape, () => {})
  if (!sameShape(last, [1, 1, classes])) {
    fail('E_SHAPE', {
      what: `The model does not turn images of ${formatShape(inputShape)} into one score for each class.`,
      expected: `${formatShape([1, 1, classes])} after the last layer.`,
      received: `${formatShape(last)}.`,
      fix: 'change the image size, or the number of stages.',
    })
  }
  return {
    params: nest(layers),
    layers,
    inputShape,
    classes,
    macs(input) {
      let sum = 0
      walk(layers, input, ({ block }, shape) => {
        sum += block.macs(shape)
      })
      return sum
    },
    apply(images, context) {
      const scores = layers.reduce((x, { name, block }) => applyPart(name, block, x, context), images)
      return tf.reshape(scores, [images.shape[0], classes])
    },
    dispose() {
      for (const { block } of layers) block.dispose()
    },
  }
}

/** Visits the layers with the shape of each one's input; returns the last output. */
export function walk(
  layers: readonly ModelLayer[],
  input: Shape,
  visit: (layer: ModelLayer, input: Shape, output: Shape) => void,
): Shape {
  return layers.reduce<Shape>((shape, layer) => {
    const output = within(layer.name, () =>
      blameOrigin(layer.block, 'outputShape', () => layer.block.outputShape(shape)),
    )
    visit(layer, shape, output)
    return output
  }, input)
}

function nest(layers: readonly ModelLayer[]): ParamTree {
  const root: Record<string, ParamTree> = {}
  for (const { name, block } of layers) {
    if (Object.keys(block.params).length === 0) continue
    const folders = name.split('/')
    const leaf = folders.pop()!
    let node = root
    for (const folder of folders) {
      node[folder] ??= {}
      node = node[folder] as Record<string, ParamTree>
    }
    node[leaf] = block.params
  }
  return root
}
