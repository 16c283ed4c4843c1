import type { Hyperparameters, NamedParam, Optimizer } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'

type Step = (
  params: readonly NamedParam[],
  gradients: readonly tf.Tensor[],
  hyper: Hyperparameters,
  step: number,
) => void

/**
 * The step of an optimizer that treats every parameter by itself, taken once for all parameters of one learning rate: the
 * schedule's, times the factor that the recipe's `params` give them.
 */
export function byRate(take: Step): Optimizer['step'] {
  return (params, gradients, hyper, step) => {
    const factors = new Set(params.map(factorOf))
    for (const factor of factors) {
      const indices = [...params.keys()].filter((index) => factorOf(params[index]!) === factor)
      take(
        indices.map((index) => params[index]!),
        indices.map((index) => gradients[index]!),
        { ...hyper, learningRate: hyper.learningRate * factor },
        step,
      )
    }
  }
}

const factorOf = ({ learningRate = 1 }: NamedParam) => learningRate
