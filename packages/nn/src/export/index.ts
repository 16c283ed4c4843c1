import type { Model } from '@tricklab/core'
import { writeOnnx } from './onnx/write.ts'
import { type TfjsModel, writeTfjs } from './tfjs/write.ts'
import { traceModel } from './trace.ts'

export { fromPublished, type PublishedName, toPublished } from './published.ts'
export type { TfjsModel } from './tfjs/write.ts'

/** What a file says of a network beside its numbers: classes, normalisation, where it comes from. */
export type ExportMetadata = { readonly [key: string]: string }

/**
 * A network in evaluation as an ONNX model, for any batch size and images of its input shape: `images`
 * `[batch, channels, height, width]` in, `scores` `[batch, classes]` out. The network is run twice, on the engine at hand,
 * and what it runs is written down.
 * @returns the chunks of the file
 * @errors E_EXPORT, naming the layer, where ONNX has no word for a kernel
 */
export async function exportOnnx(model: Model, metadata: ExportMetadata = {}): Promise<Uint8Array[]> {
  return writeOnnx(await traceModel(model, ['BatchNormEval', 'GroupedConv2D', 'Mish']), metadata)
}

/**
 * A network in evaluation as a graph model of TensorFlow.js, for `tf.loadGraphModel`: `images`
 * `[batch, height, width, channels]` in, `scores` `[batch, classes]` out. Convolutions in groups become dense ones with
 * zeros between the groups, for TensorFlow.js has no other.
 * @errors E_EXPORT, naming the layer, where it has no word for a kernel
 */
export async function exportTfjs(model: Model, metadata: ExportMetadata = {}): Promise<TfjsModel> {
  return writeTfjs(await traceModel(model, ['BatchNormEval', 'Mish']), metadata)
}
