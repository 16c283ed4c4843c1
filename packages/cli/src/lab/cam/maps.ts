import { fail, type Model, type ModelLayer } from '@tricklab/core'
import type { ApplyContext } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'

/** A model cut where positions are averaged. */
export interface CutModel {
  /** Layers that keep positions apart. */
  readonly body: readonly ModelLayer[]
  /** Global average pool and what follows. */
  readonly head: readonly ModelLayer[]
}

/** Cuts a model before the first layer that leaves one position. @errors E_ARGUMENT when no position is left before it */
export function cutModel({ layers, inputShape }: Model): CutModel {
  let shape = inputShape
  for (const [index, { block }] of layers.entries()) {
    const [height, width] = block.outputShape(shape)
    if (height === 1 && width === 1 && (shape[0] > 1 || shape[1] > 1)) {
      return { body: layers.slice(0, index), head: layers.slice(index) }
    }
    shape = block.outputShape(shape)
  }
  return refuse('the images of this model have a single position from the start.')
}

/** What the positions of an image add to the scores. */
export interface ClassMaps {
  readonly width: number
  readonly height: number
  /** @shape `[classes]` */
  readonly scores: Float32Array
  /** @shape `[classes]` */
  readonly biases: Float32Array
  /** @shape `[height · width, classes]` */
  readonly maps: Float32Array
}

/**
 * Class activation maps of one image: `M_k(p) = Σ_c w_ck · f_c(p)`, f the last features before the mean over positions.
 * The score of a class is the mean of its map and its bias.
 *
 * A head that takes the mean of the positions and is linear gives the same scores as the mean of what it gives to every
 * position alone; so it is applied to these, whatever its layers are called, and what it gives to zeros is its bias.
 * @shape images `[1, H, W, C]`
 * @errors E_ARGUMENT when the head is not linear in the mean of the positions
 * @paper arXiv:1512.04150
 * @differs none; the paper leaves the bias out, here it is kept beside the map
 */
export async function classMaps(
  { body, head }: CutModel,
  images: tf.Tensor4D,
  context: ApplyContext,
): Promise<ClassMaps> {
  const [features, scores, biases, alone] = tf.tidy(() => {
    const features = applyLayers(body, images, context)
    const [, height, width, channels] = features.shape
    const rows = (x: tf.Tensor4D) => tf.reshape(applyLayers(head, x, context), [x.shape[0], -1])
    const positions = tf.reshape(features, [height * width, 1, 1, channels]) as tf.Tensor4D
    return [features, rows(features), rows(tf.zeros([1, 1, 1, channels])), rows(positions)] as const
  })
  const [, height, width] = features.shape
  const read = async (tensor: tf.Tensor) => (await tensor.data()) as Float32Array
  const values = { scores: await read(scores), biases: await read(biases), alone: await read(alone) }
  tf.dispose([features, scores, biases, alone])
  const classes = values.scores.length
  const maps = values.alone.map((value, index) => value - values.biases[index % classes]!)
  if (!isLinear({ ...values, maps })) {
    refuse(
      `its scores are not a linear map of the mean over the ${height} × ${width} positions before "${head[0]!.name}".`,
    )
  }
  return { width, height, scores: values.scores, biases: values.biases, maps }
}

const applyLayers = (layers: readonly ModelLayer[], images: tf.Tensor4D, { training, rng }: ApplyContext) =>
  layers.reduce((x, { name, block }) => block.apply(x, { training, rng: rng.scope(name) }), images)

/** How far a mean of sums may be from the sum of means, in single precision. */
const rounding = 1e-3

/** Whether the mean of the maps, and the bias, are the scores. */
function isLinear({ scores, biases, maps }: Pick<ClassMaps, 'scores' | 'biases' | 'maps'>): boolean {
  const classes = scores.length
  const positions = maps.length / classes
  const largest = [...scores, ...maps].reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return [...scores.keys()].every((k) => {
    let mean = 0
    for (let position = 0; position < positions; position++) mean += maps[position * classes + k]! / positions
    return Math.abs(mean + biases[k]! - scores[k]!) <= rounding * largest
  })
}

function refuse(why: string): never {
  return fail('E_ARGUMENT', {
    what: 'The model of this run has no class activation maps.',
    expected:
      'a global average pool and a linear layer at the end, as the heads "linear-head" and "multi-sample-dropout".',
    received: why,
    fix: '`pnpm lab summary TABLE/ROW` shows the layers of a row.',
  })
}

/** The map of a class. */
export function mapOf({ maps, scores }: ClassMaps, index: number): Float32Array {
  const classes = scores.length
  return Float32Array.from({ length: maps.length / classes }, (_, position) => maps[position * classes + index]!)
}

/**
 * A map at the size of the image, bilinear between the centres of its cells; beyond the outermost centres as there.
 * @shape `[cells.height · cells.width]` → `[size.height · size.width]`
 */
export function enlarge(
  values: Float32Array,
  cells: { readonly width: number; readonly height: number },
  size: { readonly width: number; readonly height: number },
): Float32Array {
  const columns = places(size.width, cells.width)
  const rows = places(size.height, cells.height)
  return Float32Array.from({ length: size.width * size.height }, (_, index) => {
    const row = rows[Math.floor(index / size.width)]!
    const column = columns[index % size.width]!
    const at = (y: number) => {
      const [left, right] = [values[y * cells.width + column.low]!, values[y * cells.width + column.high]!]
      return left + (right - left) * column.share
    }
    return at(row.low) + (at(row.high) - at(row.low)) * row.share
  })
}

/** Between which cells each pixel of a line lies, and how far towards the second. */
function places(pixels: number, cells: number) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const at = Math.min(cells - 1, Math.max(0, ((pixel + 0.5) * cells) / pixels - 0.5))
    const low = Math.min(Math.floor(at), cells - 1)
    return { low, high: Math.min(low + 1, cells - 1), share: at - low }
  })
}
