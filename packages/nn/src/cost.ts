import { countParams, type Model, type Shape } from '@tricklab/core'
import { keptInLine, sizeOf } from './layers/kept.ts'

/** What a network takes, for one image. */
export interface ModelCost {
  /** Trainable numbers. */
  readonly params: number
  /** Multiply-accumulates of a forward pass. */
  readonly macs: number
  /** Numbers that a training step keeps for its backward pass. */
  readonly activations: number
}

/** Cost of a network, as its layers count it. */
export function costOf(model: Model, input: Shape = model.inputShape): ModelCost {
  const { input: image, inside } = keptInLine(
    model.layers.map(({ block }) => block),
    input,
  )
  return {
    params: countParams(model.params),
    macs: model.macs(input),
    activations: inside + (image ? sizeOf(input) : 0),
  }
}
