import { type Initializer, kaimingNormal } from '@tricklab/nn'

/**
 * The identity as far as there are channels: output channel i of a group passes its input channel i through the middle of
 * the window. Output channels beyond the inputs are kaiming-normal for ReLU, fan in.
 * @shape `[k, k, in / groups, out]`
 */
export const dirac =
  (groups: number): Initializer =>
  (shape, stream) => {
    const weight = kaimingNormal({ slope: 0, fan: 'in' })(shape, stream)
    const [size, , inputs, outputs] = shape as [number, number, number, number]
    const middle = Math.floor(size / 2)
    for (const i of weight.keys()) {
      const [output, input, place] = [i % outputs, Math.floor(i / outputs) % inputs, Math.floor(i / outputs / inputs)]
      const channel = output % (outputs / groups)
      if (channel < inputs) weight[i] = Number(channel === input && place === middle * size + middle)
    }
    return weight
  }
