import { fusedBatchNormEval, fusedBatchNormTrain, fusedBatchNormTrainGrad } from '@tricklab/nn'
import { batchNormCases, createValues, type FusedCase, fusedContract } from '@tricklab/testing'
import { fusedMish, fusedMishGrad, mishActivation } from '../src/mish.ts'

const softTanh = (x: number) => Math.tanh(Math.log1p(Math.exp(x)))
const exact = {
  value: (x: number) => x * softTanh(x),
  slope: (x: number) => softTanh(x) + (x * (1 - softTanh(x) ** 2)) / (1 + Math.exp(-x)),
}

const values = createValues(7)
const cases = [[1], [3], [4], [7, 5], [2, 3, 3, 9]].map((shape): [FusedCase, FusedCase] => {
  const [x, dy] = [values(shape, 3), values(shape)]
  x.data[0] = 0
  const name = `of ${shape}`
  const y = Array.from(x.data, exact.value)
  const dx = Array.from(x.data, (v, i) => dy.data[i]! * exact.slope(v))
  return [
    { name, inputs: { x }, attrs: {}, outputs: [{ shape, data: y }] },
    { name, inputs: { dy, x }, attrs: {}, outputs: [{ shape, data: dx }] },
  ]
})
fusedContract(
  fusedMish,
  cases.map(([forward]) => forward),
)
fusedContract(
  fusedMishGrad,
  cases.map(([, gradient]) => gradient),
)

// Behind a batch norm, in the kernels of engines that know Mish and behind those of others.
const norms = batchNormCases({ epsilon: 1e-5, activation: mishActivation }, exact)
fusedContract(fusedBatchNormTrain, norms.train)
fusedContract(fusedBatchNormTrainGrad, norms.gradient)
fusedContract(fusedBatchNormEval, norms.evaluate)
