/** The fused operations of this package on every engine, against float64. */
import { defineFusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import {
  batchNormCases,
  createValues,
  describeOnEngines,
  type FusedCase,
  fusedContract,
  runFused,
} from '@tricklab/testing'
import { expect, test } from 'vitest'
import {
  dropoutHash,
  fusedAddRelu,
  fusedBatchNormEval,
  fusedBatchNormRunning,
  fusedBatchNormTrain,
  fusedBatchNormTrainGrad,
  fusedDropout,
  fusedGelu,
  fusedGeluGrad,
  fusedGroupedConv2d,
  fusedGroupedConv2dBackpropFilter,
  fusedGroupedConv2dBackpropInput,
  fusedLayerNorm,
  fusedLayerNormGrad,
  fusedLeakyReluOffset,
  fusedLeakyReluOffsetGrad,
  fusedLinear,
  fusedRelu,
  fusedReluGrad,
  fusedSoftmaxCrossEntropy,
  fusedSwish,
  fusedSwishGrad,
  type GroupedConv2dAttrs,
} from '../src/index.ts'

const values = createValues(29)

/** An activation that no engine knows: it runs behind the kernel. */
const softsign = defineFusedActivation({
  name: 'test-softsign',
  apply: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  gradient: (dy, x) => tf.div(dy, tf.square(tf.add(tf.abs(x), 1))),
})

const activations = [
  { activation: fusedLinear, exact: { value: (v: number) => v, slope: () => 1 } },
  { activation: fusedRelu, exact: { value: (v: number) => Math.max(v, 0), slope: (v: number) => (v > 0 ? 1 : 0) } },
  {
    activation: softsign,
    exact: { value: (v: number) => v / (1 + Math.abs(v)), slope: (v: number) => (1 + Math.abs(v)) ** -2 },
  },
]
const norms = activations.map(({ activation, exact }) => {
  const { train, gradient, evaluate } = batchNormCases({ epsilon: 1e-5, activation }, exact)
  const named = <Attrs>(cases: FusedCase<Attrs>[]) =>
    cases.map((one) => ({ ...one, name: `${one.name}, ${activation.name}` }))
  return { train: named(train), gradient: named(gradient), evaluate: named(evaluate) }
})
fusedContract(
  fusedBatchNormTrain,
  norms.flatMap(({ train }) => train),
)
fusedContract(
  fusedBatchNormTrainGrad,
  norms.flatMap(({ gradient }) => gradient),
)
fusedContract(
  fusedBatchNormEval,
  norms.flatMap(({ evaluate }) => evaluate),
)

const [stats, mean, variance] = [values([2, 5]), values([5]), values([5], 0.5, 1)]
const blend = (old: Float32Array, offset: number, weight: number) => ({
  shape: [5],
  data: Array.from(old, (v, c) => 0.9 * v + weight * stats.data[offset + c]!),
})
fusedContract(fusedBatchNormRunning, [
  {
    name: 'of a batch',
    inputs: { stats, mean, variance },
    attrs: { momentum: 0.1, correction: 1.25 },
    outputs: [blend(mean.data, 0, 0.1), blend(variance.data, 5, 0.125)],
  },
])

describeOnEngines('batch norm', () => {
  const attrs = { epsilon: 1e-5, activation: fusedLinear }

  test('statistics of 401 408 rows hold to 1e-6 of the deviation', async () => {
    const x = values([128, 56, 56, 4], 1, 3)
    const one = { shape: [4], data: new Float32Array(4).fill(1) }
    const [, { data: found }] = (await runFused(fusedBatchNormTrain, { x, gamma: one, beta: one }, attrs)) as [
      unknown,
      { data: Float32Array },
    ]
    const rows = x.data.length / 4
    for (let c = 0; c < 4; c++) {
      let [average, spread] = [0, 0]
      for (let i = c; i < x.data.length; i += 4) average += x.data[i]! / rows
      for (let i = c; i < x.data.length; i += 4) spread += (x.data[i]! - average) ** 2 / rows
      expect(Math.abs(found[c]! - average)).toBeLessThan(1e-6)
      expect(Math.abs(found[4 + c]! / spread - 1)).toBeLessThan(1e-6)
    }
  })

  test.each(activations)('a NaN stays in its channel, $activation.name', async ({ activation }) => {
    const x = values([40, 3])
    x.data[4] = Number.NaN
    const one = { shape: [3], data: new Float32Array(3).fill(1) }
    const [y] = await runFused(fusedBatchNormTrain, { x, gamma: one, beta: one }, { epsilon: 1e-5, activation })
    expect([...y!.data.subarray(0, 6)].map(Number.isNaN)).toEqual([false, true, false, false, true, false])
  })
})

const layerNorms = [
  { shape: [2, 3, 3, 8], shift: 0 },
  { shape: [5, 7, 40], shift: 0.5 },
  { shape: [1, 3, 5], shift: -1 },
  { shape: [65, 13], shift: 30 },
  { shape: [900, 100], shift: -10 },
  { shape: [3, 2, 2, 777], shift: 0 },
].map(({ shape, shift }) => {
  const channels = shape.at(-1)!
  const [x, dy] = [values(shape, 1, shift), values(shape)]
  const [gamma, beta] = [values([channels], 0.5, 1), values([channels])]
  const epsilon = 1e-5
  const rows = x.data.length / channels
  const [average, inverse] = [new Float64Array(rows), new Float64Array(rows)]
  const [y, dx] = [new Float64Array(x.data.length), new Float64Array(x.data.length)]
  const [dgamma, dbeta] = [new Float64Array(channels), new Float64Array(channels)]
  for (let r = 0; r < rows; r++) {
    const indices = Array.from({ length: channels }, (_, c) => r * channels + c)
    const over = (of: (index: number) => number) => indices.reduce((sum, i) => sum + of(i), 0) / channels
    average[r] = over((i) => x.data[i]!)
    inverse[r] = 1 / Math.sqrt(over((i) => (x.data[i]! - average[r]!) ** 2) + epsilon)
    const normal = (i: number) => (x.data[i]! - average[r]!) * inverse[r]!
    const slope = (i: number) => dy.data[i]! * gamma.data[i % channels]!
    const [level, tilt] = [over(slope), over((i) => slope(i) * normal(i))]
    for (const i of indices) {
      y[i] = normal(i) * gamma.data[i % channels]! + beta.data[i % channels]!
      dx[i] = (slope(i) - level - normal(i) * tilt) * inverse[r]!
      dgamma[i % channels]! += dy.data[i]! * normal(i)
      dbeta[i % channels]! += dy.data[i]!
    }
  }
  const edge = [...shape.slice(0, -1), 1]
  const common = { name: `of ${shape} around ${shift}`, tolerance: 8e-6 + Math.abs(shift) * 4e-7 }
  const given = {
    mean: { shape: edge, data: Float32Array.from(average) },
    inverse: { shape: edge, data: Float32Array.from(inverse) },
  }
  const [whole, perChannel] = [
    (data: Float64Array) => ({ shape, data }),
    (data: Float64Array) => ({ shape: [channels], data }),
  ]
  return {
    forward: {
      ...common,
      inputs: { x, gamma, beta },
      attrs: { epsilon },
      outputs: [whole(y), { shape: edge, data: average }, { shape: edge, data: inverse }],
    },
    gradient: {
      ...common,
      inputs: { dy, x, gamma, ...given },
      attrs: {},
      outputs: [whole(dx), perChannel(dgamma), perChannel(dbeta)],
    },
  }
})
fusedContract(
  fusedLayerNorm,
  layerNorms.map(({ forward }) => forward),
)
fusedContract(
  fusedLayerNormGrad,
  layerNorms.map(({ gradient }) => gradient),
)

fusedContract(
  fusedSoftmaxCrossEntropy,
  [
    { shape: [5, 10] as const, scale: 3 },
    { shape: [1, 1] as const, scale: 1 },
    { shape: [7, 33] as const, scale: 200 },
  ].map(({ shape, scale }) => {
    const [rows, classes] = shape
    const [logits, targets] = [values(shape, scale), values(shape, 0.5, 0.5)]
    const [losses, residual]: [number[], number[]] = [[], []]
    for (let n = 0; n < rows; n++) {
      const row = (from: Float32Array) => [...from.subarray(n * classes, (n + 1) * classes)]
      const [l, t] = [row(logits.data), row(targets.data)]
      const highest = Math.max(...l)
      const total = l.reduce((sum, v) => sum + Math.exp(v - highest), 0)
      const weight = t.reduce((sum, v) => sum + v, 0)
      losses.push(l.reduce((sum, v, k) => sum - t[k]! * (v - highest - Math.log(total)), 0))
      residual.push(...l.map((v, k) => (Math.exp(v - highest) / total) * weight - t[k]!))
    }
    const outputs = [
      { shape: [rows], data: losses },
      { shape, data: residual },
    ]
    return { name: `of ${shape}, logits up to ${scale}`, inputs: { logits, targets }, attrs: {}, outputs }
  }),
)

// The composed version multiplies 0 by −∞ there.
describeOnEngines('softmax cross-entropy', () => {
  test('a NaN or infinite logit shows as NaN, and a class of probability zero does not', async () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
    const logits = { shape: [3, 2], data: Float32Array.of(nan, 1, infinity, 1, -infinity, 1) }
    const targets = { shape: [3, 2], data: Float32Array.of(0, 1, 0, 1, 0, 1) }
    const [losses, residual] = await runFused(fusedSoftmaxCrossEntropy, { logits, targets }, {})
    expect([...losses!.data]).toEqual([nan, nan, 0])
    expect([...residual!.data.subarray(4)]).toEqual([0, 0])
  })
}, ['wasm'])

/** A function of every value by itself, and of its slope. */
function eachValue<Attrs>(
  attrs: Attrs,
  of: (x: number, other: number) => number,
  names: readonly string[],
): FusedCase<Attrs>[] {
  return [[1], [3], [4], [7, 5], [2, 3, 3, 9], [3, 333]].map((shape) => {
    const [x, other] = [values(shape, 2), values(shape)]
    x.data[0] = 0
    const inputs = Object.fromEntries(names.map((name, i) => [name, i === 0 ? x : other]))
    const outputs = [{ shape, data: Array.from(x.data, (v, i) => of(v, other.data[i]!)) }]
    return { name: `of ${shape}`, inputs, attrs, outputs }
  })
}
const bent = { alpha: 0.1, offset: 0.4 }
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))
fusedContract(
  fusedLeakyReluOffset,
  eachValue(bent, (v) => (v > 0 ? v : 0.1 * v) - 0.4, ['x']),
)
fusedContract(
  fusedLeakyReluOffsetGrad,
  eachValue({ alpha: 0.1 }, (v, dy) => dy * (v > 0 ? 1 : 0.1), ['x', 'dy']),
)
fusedContract(
  fusedReluGrad,
  eachValue({}, (y, dy) => (y > 0 ? dy : 0), ['y', 'dy']),
)
fusedContract(
  fusedAddRelu,
  eachValue({}, (a, b) => Math.max(0, a + b), ['a', 'b']),
)
fusedContract(
  fusedSwish,
  eachValue({}, (v) => v * sigmoid(v), ['x']),
)
fusedContract(
  fusedSwishGrad,
  eachValue({}, (v, dy) => dy * sigmoid(v) * (1 + v * (1 - sigmoid(v))), ['x', 'dy']),
)
const rate = Math.sqrt(2 / Math.PI)
const tangent = (v: number) => Math.tanh(rate * (v + 0.044715 * v ** 3))
fusedContract(
  fusedGelu,
  eachValue({ form: 'tanh' } as const, (v) => (v * (1 + tangent(v))) / 2, ['x']),
)
fusedContract(
  fusedGeluGrad,
  eachValue(
    { form: 'tanh' } as const,
    (v, dy) => (dy * (1 + tangent(v) + v * (1 - tangent(v) ** 2) * rate * (1 + 3 * 0.044715 * v * v))) / 2,
    ['x', 'dy'],
  ),
)

fusedContract(
  fusedDropout,
  [0, 0.1, 0.5, 0.999].flatMap((share) =>
    [0, 12_345, 0x9e3779b9, 2 ** 31].map((key) => {
      const x = values([5003])
      const scale = Math.fround(1 / (1 - share))
      const kept = (i: number) => dropoutHash(key, i) >= share * 2 ** 32
      const data = Array.from(x.data, (v, i) => (kept(i) ? Math.fround(v * scale) : 0))
      const name = `of share ${share}, key ${key}: the hash, element by element`
      return { name, inputs: { x }, attrs: { rate: share, key }, outputs: [{ shape: [5003], data }], tolerance: 1e-9 }
    }),
  ),
)

test('golden numbers of the dropout hash: every engine must draw these', () => {
  expect([dropoutHash(0, 0), dropoutHash(1, 0), dropoutHash(0, 1), dropoutHash(0xffffffff, 123_456)]).toEqual([
    0, 2988215890, 1492470133, 4091796175,
  ])
})

test('the dropout hash is even, and neighbouring keys are unrelated', () => {
  const count = 20_000
  const share = (of: (index: number) => boolean) =>
    Array.from({ length: count }, (_, i) => of(i)).filter(Boolean).length / count
  const half = 2 ** 31
  // Five standard errors of a fair coin.
  const error = 5 * Math.sqrt(0.25 / count)
  for (const key of [0, 1, 2, 12_345]) {
    const low = (of: number, i: number) => dropoutHash(of, i) < half
    expect(Math.abs(share((i) => low(key, i)) - 0.5)).toBeLessThan(error)
    expect(Math.abs(share((i) => low(key, i) === low(key + 1, i)) - 0.5)).toBeLessThan(error)
    expect(Math.abs(share((i) => low(key, i) === low(key, i + 1)) - 0.5)).toBeLessThan(error)
  }
})

interface GroupedCase {
  /** `[batch, height, width, channels]`. */
  readonly image: readonly [number, number, number, number]
  /** `[kh, kw, out]`. */
  readonly filter: readonly [number, number, number]
  readonly sources: number[]
  readonly stride: number
  readonly padding: number[]
}

/** Every product of the contract: visit(element of y, of x, of the filter). */
function eachProduct(
  { image, filter, sources, stride, padding }: GroupedCase,
  visit: (y: number, x: number, filter: number) => void,
): number[] {
  const [batch, height, width, channels] = image
  const [kernelHeight, kernelWidth, outputs] = filter
  const depth = channels / sources.length
  const [top, bottom, left, right] = padding as [number, number, number, number]
  const rows = Math.floor((height + top + bottom - kernelHeight) / stride) + 1
  const columns = Math.floor((width + left + right - kernelWidth) / stride) + 1
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let u = 0; u < kernelHeight; u++)
          for (let v = 0; v < kernelWidth; v++) {
            const [r, s] = [stride * i + u - top, stride * j + v - left]
            if (r < 0 || r >= height || s < 0 || s >= width) continue
            for (let d = 0; d < outputs; d++) {
              const source = sources[Math.floor((d * sources.length) / outputs)]!
              for (let m = 0; m < depth; m++) {
                visit(
                  ((n * rows + i) * columns + j) * outputs + d,
                  ((n * height + r) * width + s) * channels + source * depth + m,
                  ((u * kernelWidth + v) * depth + m) * outputs + d,
                )
              }
            }
          }
  return [batch, rows, columns, outputs]
}

const groupedCases: readonly GroupedCase[] = [
  { image: [2, 7, 6, 32], filter: [3, 3, 32], sources: [1, 2, 3, 0], stride: 1, padding: [1, 1, 1, 1] },
  { image: [3, 9, 8, 24], filter: [3, 3, 48], sources: [2, 0, 1], stride: 2, padding: [1, 1, 1, 1] },
  { image: [1, 5, 5, 12], filter: [5, 5, 8], sources: [0, 0, 3, 1], stride: 1, padding: [2, 2, 2, 2] },
  { image: [2, 6, 7, 10], filter: [1, 1, 15], sources: [4, 4, 4, 4, 4], stride: 1, padding: [0, 0, 0, 0] },
  { image: [2, 6, 6, 6], filter: [3, 2, 4], sources: [1, 0], stride: 2, padding: [0, 1, 2, 0] },
  { image: [1, 1, 1, 16], filter: [3, 3, 16], sources: [0, 1], stride: 1, padding: [1, 1, 1, 1] },
]
const grouped = groupedCases.map((one) => {
  const { image, filter, sources, stride, padding } = one
  const [filterHeight, filterWidth, outputs] = filter
  const attrs: GroupedConv2dAttrs = { groups: sources.length, sources, stride, padding }
  const x = values(image)
  const weights = values([filterHeight, filterWidth, image[3] / sources.length, outputs])
  const sums = new Map<number, number>()
  const shape = eachProduct(one, (out, from, by) => {
    sums.set(out, (sums.get(out) ?? 0) + x.data[from]! * weights.data[by]!)
  })
  const dy = values(shape)
  const [dx, dfilter] = [new Float64Array(x.data.length), new Float64Array(weights.data.length)]
  eachProduct(one, (out, from, by) => {
    dx[from]! += dy.data[out]! * weights.data[by]!
    dfilter[by]! += dy.data[out]! * x.data[from]!
  })
  const common = { name: `of ${image} by ${filter} from ${sources}, stride ${stride}`, tolerance: 3e-6 }
  // A position may see padding alone.
  const y = Array.from(dy.data, (_, i) => sums.get(i) ?? 0)
  return {
    forward: { ...common, inputs: { x, filter: weights }, attrs, outputs: [{ shape, data: y }] },
    input: {
      ...common,
      inputs: { dy, filter: weights },
      attrs: { ...attrs, height: image[1], width: image[2] },
      outputs: [{ shape: x.shape, data: dx }],
    },
    filter: {
      ...common,
      inputs: { x, dy },
      attrs: { ...attrs, filterHeight, filterWidth },
      outputs: [{ shape: weights.shape, data: dfilter }],
    },
  }
})
fusedContract(
  fusedGroupedConv2d,
  grouped.map(({ forward }) => forward),
)
fusedContract(
  fusedGroupedConv2dBackpropInput,
  grouped.map(({ input }) => input),
)
fusedContract(
  fusedGroupedConv2dBackpropFilter,
  grouped.map(({ filter }) => filter),
)
