import type { NamedParam, Optimizer } from '../contracts.ts'

/**
 * The optimizer as it is stepped: once for every learning rate of its parameters, which is the schedule's times the factor
 * that the recipe's `params` give them. `hyper` has that rate, and the parameters have no factor left. One that steps
 * `together` sees the factors itself.
 */
export function byRate(optimizer: Optimizer): Optimizer {
  const { passes = 1, together = passes > 1 } = optimizer
  if (together) return optimizer
  return {
    together: true,
    passes,
    step(params, gradients, hyper, step, again) {
      const factors = new Set(params.map(factorOf))
      return [...factors].reduce<void | Promise<void>>((before, factor) => {
        const indices = [...params.keys()].filter((index) => factorOf(params[index]!) === factor)
        const take = () =>
          optimizer.step(
            indices.map((index) => withoutFactor(params[index]!)),
            indices.map((index) => gradients[index]!),
            { ...hyper, learningRate: hyper.learningRate * factor },
            step,
            again,
          )
        return before === undefined ? take() : before.then(take)
      }, undefined)
    },
    state: () => optimizer.state(),
    restore: (state) => optimizer.restore(state),
    dispose: () => optimizer.dispose(),
  }
}

const factorOf = ({ learningRate = 1 }: NamedParam) => learningRate

function withoutFactor({ learningRate: _, ...param }: NamedParam): NamedParam {
  return param
}
