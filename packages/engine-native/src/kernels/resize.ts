/** Resampling of images. */
import type * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import { sizeOf } from '../backend.ts'
import { allFloat, nativeKernel } from './register.ts'

type Resize = (
  batch: number, h: number, w: number, c: number, outH: number, outW: number, alignCorners: number,
  halfPixelCenters: number, from: Float32Array, to: Float32Array,
) => void // biome-ignore format: a list

interface ResizeAddon {
  resizeBilinear: Resize
  resizeBilinearGrad: Resize
  resizeNearest: Resize
  cropAndResize(
    x: Float32Array, batch: number, h: number, w: number, c: number, boxes: Float32Array, boxImage: Int32Array,
    count: number, cropH: number, cropW: number, bilinear: number, outside: number, y: Float32Array,
  ): void // biome-ignore format: a list
  transform(
    x: Float32Array, batch: number, h: number, w: number, c: number, transforms: Float32Array, shared: number,
    outH: number, outW: number, bilinear: number, mode: number, outside: number, y: Float32Array,
  ): void // biome-ignore format: a list
}

/** In the order of `FillMode` in native/resize/resize.h. */
const fillModes = ['constant', 'reflect', 'wrap', 'nearest']

type Shape4 = [number, number, number, number]

/** Registers every kernel of this topic. */
export function registerResizes(): void {
  const addon = addonFunctions<ResizeAddon>()
  const forward = [
    ['ResizeBilinear', addon.resizeBilinear],
    ['ResizeNearestNeighbor', addon.resizeNearest],
  ] as const
  for (const [name, run] of forward) {
    nativeKernel<tf.ResizeBilinearAttrs>(name, ({ inputs, attrs, backend, stock }) => {
      const images = inputs.images!
      if (!allFloat(images) || sizeOf(images.shape) === 0) return stock()
      const [batch, h, w, c] = images.shape as Shape4
      const [outH, outW] = attrs.size
      const corners = attrs.alignCorners ? 1 : 0
      const centers = attrs.halfPixelCenters ? 1 : 0
      const out = backend.output([batch, outH, outW, c])
      run(batch, h, w, c, outH, outW, corners, centers, backend.floats(images), backend.floats(out))
      return out
    })
  }
  nativeKernel<tf.ResizeBilinearGradAttrs>('ResizeBilinearGrad', ({ inputs, attrs, backend, stock }) => {
    const { images, dy } = inputs as { images: tf.TensorInfo; dy: tf.TensorInfo }
    if (!allFloat(images, dy) || sizeOf(images.shape) === 0) return stock()
    const [batch, h, w, c] = images.shape as Shape4
    const [, outH, outW] = dy.shape as Shape4
    const corners = attrs.alignCorners ? 1 : 0
    // TF.js hands the attributes of the forward kernel through, though their type names one alone.
    const centers = (attrs as { halfPixelCenters?: boolean }).halfPixelCenters ? 1 : 0
    const dx = backend.output(images.shape)
    addon.resizeBilinearGrad(batch, h, w, c, outH, outW, corners, centers, backend.floats(dy), backend.floats(dx))
    return dx
  })
  nativeKernel<tf.CropAndResizeAttrs>('CropAndResize', ({ inputs, attrs, backend, stock }) => {
    const { image, boxes, boxInd } = inputs as Record<'image' | 'boxes' | 'boxInd', tf.TensorInfo>
    if (!allFloat(image, boxes) || boxInd.dtype !== 'int32' || sizeOf(image.shape) === 0) return stock()
    const [batch, h, w, c] = image.shape as Shape4
    const count = boxes.shape[0]!
    const [cropH, cropW] = attrs.cropSize
    const y = backend.output([count, cropH, cropW, c])
    addon.cropAndResize(
      backend.floats(image), batch, h, w, c, backend.floats(boxes), backend.ints(boxInd), count, cropH, cropW,
      attrs.method === 'bilinear' ? 1 : 0, attrs.extrapolationValue, backend.floats(y),
    ) // biome-ignore format: a list
    return y
  })
  nativeKernel<tf.TransformAttrs>('Transform', ({ inputs, attrs, backend, stock }) => {
    const { image, transforms } = inputs as { image: tf.TensorInfo; transforms: tf.TensorInfo }
    const { interpolation, fillMode, fillValue, outputShape } = attrs
    const mode = fillModes.indexOf(fillMode)
    const known = interpolation === 'bilinear' || interpolation === 'nearest'
    if (!allFloat(image, transforms) || !known || sizeOf(image.shape) === 0) return stock()
    const [batch, h, w, c] = image.shape as Shape4
    const [outH, outW] = outputShape ?? [h, w]
    const y = backend.output([batch, outH, outW, c])
    addon.transform(
      backend.floats(image), batch, h, w, c, backend.floats(transforms), transforms.shape[0] === 1 ? 1 : 0, outH, outW,
      interpolation === 'bilinear' ? 1 : 0, Math.max(0, mode), fillValue, backend.floats(y),
    ) // biome-ignore format: a list
    return y
  })
}
