/** The updates of this package on every engine, against float64. */
import { createValues, type FusedCase, fusedContract, type Values } from '@tricklab/testing'
import { fusedAdamw } from '../src/adamw.ts'
import { fusedRmsprop } from '../src/rmsprop.ts'
import { fusedSgd } from '../src/sgd.ts'

const values = createValues(31)
const sizes = [[5], [2, 3, 3], [1], [130, 200], [0], [7]]
const weightDecays = [0.1, 0, 0.3, 0.01, 0, 0]

/** Inputs of parameters of many sizes, by name and number: p, m, v and g. */
function drawInputs(): Record<string, Values> {
  return Object.fromEntries(
    sizes.flatMap((shape, i) => [
      [`p${i}`, values(shape)],
      [`m${i}`, values(shape, 0.1)],
      [`v${i}`, values(shape, 0.1, 0.1)],
      [`g${i}`, values(shape)],
    ]),
  )
}

/** The case of a rule that makes p, m and v anew of those before, the gradient and the decay. */
function caseOf<Attrs extends object>(
  name: string,
  attrs: Attrs,
  rule: (p: number, m: number, v: number, g: number, decay: number) => [p: number, m: number, v: number],
): FusedCase<Attrs & { weightDecays: number[] }> {
  const inputs = drawInputs()
  const outputs = sizes.flatMap((shape, i) => {
    const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((letter) => inputs[`${letter}${i}`]!.data) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    const next = Array.from(p, (value, k) => rule(value, m[k]!, v[k]!, g[k]!, weightDecays[i]!))
    return [0, 1, 2].map((which) => ({ shape, data: next.map((numbers) => numbers[which]!) }))
  })
  return { name, inputs, attrs: { ...attrs, weightDecays }, outputs }
}

const adamw = { learningRate: 0.03, beta1: 0.9, beta2: 0.99, epsilon: 1e-5, step: 3 }
fusedContract(fusedAdamw, [
  caseOf('of parameters of many sizes, third step', adamw, (p, m, v, g, decay) => {
    const [mean, square] = [0.9 * m + (1 - 0.9) * g, 0.99 * v + (1 - 0.99) * g ** 2]
    const step = (0.03 / (1 - 0.9 ** 3)) * mean
    return [p * (1 - 0.03 * decay) - step / (Math.sqrt(square / (1 - 0.99 ** 3)) + 1e-5), mean, square]
  }),
])

const rmsprop = { learningRate: 0.03, decay: 0.9, momentum: 0.8, epsilon: 1e-3 }
fusedContract(fusedRmsprop, [
  caseOf('of parameters of many sizes', rmsprop, (p, m, v, slope, decay) => {
    const g = slope + decay * p
    const square = 0.9 * v + (1 - 0.9) * g ** 2
    const velocity = 0.8 * m + (0.03 * g) / Math.sqrt(square + 1e-3)
    return [p - velocity, velocity, square]
  }),
])

fusedContract(
  fusedSgd,
  [1, 2].flatMap((step) =>
    [false, true].map((nesterov) => {
      const shape = [7]
      const [p, b, g] = [values(shape), values(shape), values(shape)]
      // What lies in the buffer before the first step does not count.
      if (step === 1) b.data.fill(Number.NaN)
      const dampening = nesterov ? 0 : 0.2
      const slopes = Array.from(g.data, (v, i) => v + 0.05 * p.data[i]!)
      const velocity = slopes.map((v, i) => (step === 1 ? v : 0.9 * b.data[i]! + (1 - dampening) * v))
      const moved = Array.from(p.data, (v, i) => v - 0.1 * (nesterov ? slopes[i]! + 0.9 * velocity[i]! : velocity[i]!))
      return {
        name: `step ${step}, ${nesterov ? 'with' : 'without'} nesterov`,
        inputs: { p0: p, b0: b, g0: g },
        attrs: { learningRate: 0.1, momentum: 0.9, dampening, nesterov, step, weightDecays: [0.05] },
        outputs: [moved, velocity].map((data) => ({ shape, data })),
      }
    }),
  ),
)
