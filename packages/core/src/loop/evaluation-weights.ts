import type { NamedParam } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import * as tf from '../tf.ts'
import { titleOf } from './hook-title.ts'
import type { BoundCallback, Hooks } from './hooks.ts'

/**
 * Puts the weights that a callback declares for validation in the place of those that are trained, and back. Both share
 * their data with the tensors they come from: nothing is copied.
 */
export class EvaluationWeights {
  private readonly params: readonly NamedParam[]
  private readonly hooks: Hooks
  /** The weights as they are trained, while others are in their place. */
  private readonly trained = new Map<string, tf.Tensor>()

  constructor(params: readonly NamedParam[], hooks: Hooks) {
    this.params = params
    this.hooks = hooks
  }

  /** A parameter as it is trained, whatever is in its place now. Still belongs to the learner. */
  trainedValue({ path, value }: NamedParam): tf.Tensor {
    return this.trained.get(path) ?? value
  }

  /** Runs a body with the declared weights. @errors E_HOOK, E_HOOK_RETURN */
  async during<T>(body: () => Promise<T>): Promise<T> {
    this.place()
    try {
      return await body()
    } finally {
      for (const { path, value } of this.params) {
        const trained = this.trained.get(path)
        if (trained === undefined) continue
        value.assign(trained)
        trained.dispose()
      }
      this.trained.clear()
    }
  }

  /** Leaves the declared weights in the model, at the end of a fit. @errors E_HOOK, E_HOOK_RETURN */
  adopt(): void {
    this.place()
    tf.dispose([...this.trained.values()])
    this.trained.clear()
  }

  private place(): void {
    const weights = this.hooks.evaluationWeights()
    if (weights === undefined) return
    checkWeights(this.hooks.evaluation!, weights, this.params)
    for (const { path, value } of this.params) {
      const weight = weights[path]
      if (weight === undefined) continue
      this.trained.set(path, tf.keep(tf.clone(value)))
      value.assign(weight)
    }
  }
}

function checkWeights(
  bound: BoundCallback,
  weights: { readonly [path: string]: tf.Tensor },
  params: readonly NamedParam[],
): void {
  for (const [path, weight] of Object.entries(weights)) {
    const param = params.find((known) => known.path === path)
    const fits = weight instanceof tf.Tensor && weight.shape.join() === param?.value.shape.join()
    if (fits && weight.dtype === param?.value.dtype) continue
    fail('E_HOOK_RETURN', {
      what: `${titleOf(bound)} returned weights from evaluationWeights that do not fit the model at "${path}".`,
      expected: param === undefined ? 'paths of parameters.' : `${param.value.dtype} [${param.value.shape}].`,
      received: weight instanceof tf.Tensor ? `${weight.dtype} [${weight.shape}].` : `${typeof weight}.`,
      fix: 'return tensors by the paths that `beforeFit` tells, each in the shape of its parameter.',
    })
  }
}
