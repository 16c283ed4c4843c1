import { type Block, disposeParams, fail, type Rng, type Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Initializer, torchBias, torchWeight } from '../init.ts'
import { formatShape } from '../shape.ts'
import { keptByMap } from './kept.ts'
import { createParam } from './param.ts'

export interface LinearSpec {
  readonly inputs: number
  readonly outputs: number
  readonly init: Rng
  /** Default: PyTorch's. */
  readonly weight?: Initializer
  /** Default: PyTorch's. */
  readonly biasStart?: Initializer
}

/**
 * Linear map of 1 × 1 images with bias, PyTorch's defaults: the head of a classifier.
 * @shape `[N, 1, 1, inputs]` → `[N, 1, 1, outputs]`, weight `[inputs, outputs]`
 * @errors E_SHAPE
 */
export function createLinear({ inputs, outputs, init, weight, biasStart }: LinearSpec): Block {
  const shape = [inputs, outputs]
  const params = {
    weight: createParam('weight', shape, weight ?? torchWeight, init.at('weight')),
    bias: createParam('bias', [outputs], biasStart ?? torchBias(shape), init.at('bias')),
  }
  const outputShape = (input: Shape): Shape => {
    if (input[0] === 1 && input[1] === 1 && input[2] === inputs) return [1, 1, outputs]
    return fail('E_SHAPE', {
      what: 'A linear layer cannot take these images.',
      expected: `${formatShape([1, 1, inputs])}.`,
      received: `${formatShape(input)}.`,
      fix: 'pool the images to 1 × 1 first.',
    })
  }
  return {
    params,
    outputShape,
    macs: () => inputs * outputs,
    kept: () => keptByMap([1, 1, outputs], true),
    apply(images) {
      const [batch, height, width, channels] = images.shape
      outputShape([height, width, channels])
      const rows = tf.reshape(images, [batch, inputs])
      const scores = tf.add(tf.matMul(rows, params.weight.value as tf.Tensor2D), params.bias.value)
      return tf.reshape(scores, [batch, 1, 1, outputs])
    },
    dispose: () => disposeParams(params),
  }
}
