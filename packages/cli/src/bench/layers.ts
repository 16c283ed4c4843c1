/** `bench layer`: one layer forward and backward, in the fast form and in the naive one, in turns. */
import * as tf from '@tricklab/core/tf'
import { type Engine, type EngineName, type EngineOptions, prepareEngine } from '@tricklab/engine'
import { conv2d, groupedConv2d, previousInCycle } from '@tricklab/nn'
import { twist, twistByDefinition } from '@tricklab/plugin-twist'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import { draw, type Times, time, warmup } from './runs.ts'
import { pairedRatios, type Spread, spreadOfTurns } from './statistics.ts'

export const layerNames = ['twist', 'groups'] as const
export type LayerName = (typeof layerNames)[number]

/** How many times faster the fast form has to be, forward and backward together. */
export const wanted: { readonly [L in LayerName]: number } = { twist: 2, groups: 3 }

export interface LayerOptions {
  readonly engine: readonly [EngineName | 'auto', EngineOptions]
  readonly batch: number
  readonly channelsPerGroup: number
  /** Widths of the images and channels; default: the four stages of a ResNet at 128 px. */
  readonly shapes?: readonly LayerShape[]
  readonly turns: number
  readonly steps: number
}

export interface LayerShape {
  readonly size: number
  readonly channels: number
}

/** Both forms on one shape. @unit milliseconds */
export interface MeasuredLayer extends LayerShape {
  readonly pass: 'forward' | 'forward and backward'
  readonly fastMs: Spread
  readonly naiveMs: Spread
  /** naive / fast of pairs of turns: by the clock, and by the processor time of all threads. */
  readonly ratio: Spread
  readonly processorRatio: Spread
  /** Largest difference of the outputs, by the largest output. */
  readonly difference: number
}

export interface LayersResult {
  readonly command: 'bench layer'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly layer: LayerName
  readonly engine: Engine
  readonly options: Omit<LayerOptions, 'engine' | 'shapes'>
  readonly wanted: number
  readonly measured: readonly MeasuredLayer[]
}

const stages: readonly LayerShape[] = [
  { size: 32, channels: 64 },
  { size: 16, channels: 128 },
  { size: 8, channels: 256 },
  { size: 4, channels: 512 },
]

/** Two forms of one layer: functions of the same tensors with the same result. */
interface Forms {
  readonly inputs: tf.Tensor[]
  readonly fast: (...inputs: tf.Tensor[]) => tf.Tensor
  readonly naive: (...inputs: tf.Tensor[]) => tf.Tensor
}

/** Measures a layer on an engine, in this process. @errors those of engines */
export async function benchLayer(
  layer: LayerName,
  { engine: choice, shapes = stages, ...options }: LayerOptions,
  onProgress: (what: string) => void,
): Promise<LayersResult> {
  const environment = describeBenchEnvironment()
  const engine = await prepareEngine(...choice)
  const measured: MeasuredLayer[] = []
  for (const shape of shapes) {
    const forms = { twist: twistForms, groups: groupForms }[layer](shape, options)
    const difference = await compare(forms)
    for (const pass of ['forward', 'forward and backward'] as const) {
      onProgress(`${layer}, ${shape.channels} channels at ${shape.size} px, ${pass}`)
      measured.push({ ...shape, pass, ...(await measureForms(forms, pass, options)), difference })
    }
    tf.dispose(forms.inputs)
  }
  const date = new Date().toISOString()
  return { command: 'bench layer', date, environment, layer, engine, options, wanted: wanted[layer], measured }
}

async function measureForms(
  { inputs, fast, naive }: Forms,
  pass: MeasuredLayer['pass'],
  { turns, steps }: Pick<LayerOptions, 'turns' | 'steps'>,
) {
  const gradient = tf.tidy(() => draw('gradient', fast(...inputs).shape))
  const run = (form: Forms['fast']) => (pass === 'forward' ? [form(...inputs)] : tf.grads(form)(inputs, gradient))
  const sides = [fast, naive].map((form) => ({
    run: () => run(form),
    wall: [] as number[][],
    processor: [] as number[][],
  }))
  for (const side of sides) for (let step = 0; step < warmup; step++) await time(side.run)
  for (let turn = 0; turn < turns; turn++) {
    for (const { run: step, wall, processor } of sides) {
      const times: Times[] = []
      for (let i = 0; i < steps; i++) times.push(await time(step))
      wall.push(times.map((one) => one.wall))
      processor.push(times.map((one) => one.processor))
    }
  }
  gradient.dispose()
  const [ours, other] = sides as [(typeof sides)[number], (typeof sides)[number]]
  const ratioOf = (key: 'wall' | 'processor') => {
    const { turns: _turns, ...spread } = pairedRatios(ours[key], other[key])
    return spread
  }
  return {
    fastMs: spreadOfTurns(ours.wall),
    naiveMs: spreadOfTurns(other.wall),
    ratio: ratioOf('wall'),
    processorRatio: ratioOf('processor'),
  }
}

async function compare({ inputs, fast, naive }: Forms): Promise<number> {
  const [gap, largest] = tf.tidy(() => {
    const [a, b] = [fast(...inputs), naive(...inputs)]
    return [tf.max(tf.abs(tf.sub(a, b))), tf.max(tf.abs(b))] as const
  })
  const [difference, scale] = [(await gap.data())[0]!, (await largest.data())[0]!]
  tf.dispose([gap, largest])
  return difference / scale
}

type FormsOptions = Pick<LayerOptions, 'batch' | 'channelsPerGroup'>

/** ConvTwist of two coefficients, against its definition: three convolutions. */
function twistForms({ size, channels }: LayerShape, { batch }: FormsOptions): Forms {
  const form =
    (apply: typeof twist): Forms['fast'] =>
    (x, kernel, coefficients) => {
      const weights = { kernel: kernel as tf.Tensor4D, coefficients: coefficients as tf.Tensor4D }
      return apply(x as tf.Tensor4D, weights, { groups: 1, stride: 1 })
    }
  const shapes = { x: [batch, size, size, channels], kernel: [3, 3, channels, channels] }
  const inputs = [
    draw('x', shapes.x),
    draw('kernel', shapes.kernel),
    draw('coefficients', [1, 1, 2 * channels, channels]),
  ]
  return { inputs, fast: form(twist), naive: form(twistByDefinition) }
}

/** Groups in cycles of four, against a dense convolution whose kernel is zero between the groups. */
function groupForms({ size, channels }: LayerShape, { batch, channelsPerGroup: depth }: FormsOptions): Forms {
  const groups = channels / depth
  const sources = previousInCycle(groups, groups % 4 === 0 ? 4 : groups)
  const window = { stride: 1, padding: 1 }
  const links = new Float32Array(groups * channels)
  for (let out = 0; out < channels; out++) links[sources[Math.floor(out / depth)]! * channels + out] = 1
  return {
    inputs: [draw('x', [batch, size, size, channels]), draw('kernel', [3, 3, depth, channels])],
    fast: (x, kernel) => groupedConv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, { groups, sources, ...window }),
    naive(x, kernel) {
      const blocks = tf.reshape(kernel, [9, 1, depth, channels])
      const spread = tf.mul(blocks, tf.tensor4d(links, [1, groups, 1, channels]))
      return conv2d(x as tf.Tensor4D, tf.reshape(spread, [3, 3, channels, channels]), window)
    },
  }
}
