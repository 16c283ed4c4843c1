/** The kernels of convolutions and matrix products, called in the words of their parts. Addresses and counts are numbers. */
import type { Image, Part, Side } from './parts.ts'

/** Exports of the module, as kernels/conv.ts and kernels/gemm.ts declare them. */
export interface ConvKernels {
  packedFloats(depth: number, columns: number): number
  packB(
    to: number, depth: number, columns: number, from: number, count: number,
    b: number, rowStride: number, columnStride: number,
  ): void // biome-ignore format: one line an object
  packFilterTransposed(
    to: number, filter: number, height: number, width: number, inputs: number, outputs: number,
    firstRow: number, rowStep: number, rows: number, firstColumn: number, columnStep: number, columns: number,
  ): void // biome-ignore format: one line an object
  convolveWorkspace(depth: number, columns: number, tileRows: number): number
  convolve(
    x: number, batch: number, height: number, width: number, channels: number,
    kernelHeight: number, kernelWidth: number, strideY: number, strideX: number, dilationY: number, dilationX: number,
    padTop: number, padLeft: number, rows: number, columns: number,
    packed: number, outputs: number, bias: number, relu: number,
    out: number, outHeight: number, outWidth: number, stepY: number, fromY: number, stepX: number, fromX: number,
    workspace: number, tileRows: number,
  ): void // biome-ignore format: one line an object
  filterGradWorkspace(depth: number, columns: number, tileRows: number): number
  convolveFilterGrad(
    x: number, batch: number, height: number, width: number, channels: number,
    kernelHeight: number, kernelWidth: number, strideY: number, strideX: number, dilationY: number, dilationX: number,
    padTop: number, padLeft: number, rows: number, columns: number,
    dy: number, outHeight: number, outWidth: number, fromY: number, fromX: number, outputs: number,
    workspace: number, tileRows: number,
  ): void // biome-ignore format: one line an object
  finishFilterGrad(sum: number, from: number, count: number, columns: number, out: number, add: number): void
  transpose(x: number, rows: number, columns: number, out: number): void
  zero(to: number, count: number): void
}

/** Length of the inner loop: what a window of a part reads. */
export const depthOf = ({ y, x }: Part, { channels }: Image): number => y.taps * x.taps * channels

/** Where the kernels begin to read, and how far before it the first window begins. */
const startOf = (image: Image, { y, x, inside }: Part): number =>
  inside ? image.address + (y.input.from * image.width + x.input.from) * image.channels * 4 : image.address
const padOf = ({ input }: Side, inside: boolean): number => (inside ? 0 : -input.from)

/** What the patches of a part are multiplied with, and what is added. */
export interface Multiplier {
  /** Filter `[taps, channels, columns]` as `packB` lays it out. */
  readonly packed: number
  readonly columns: number
  /** A vector in whole panels; 0 for none. */
  readonly bias: number
  readonly relu: boolean
}

/** `out[output pixels] = patches(image) · packed + bias`, in tiles of `tileRows` positions. */
export function convolvePart(
  kernels: ConvKernels,
  part: Part,
  image: Image,
  { packed, columns, bias, relu }: Multiplier,
  out: Pick<Image, 'address' | 'height' | 'width'>,
  { workspace, tileRows }: { readonly workspace: number; readonly tileRows: number },
): void {
  const { y, x, inside } = part
  kernels.convolve(
    startOf(image, part), image.batch, image.height, image.width, image.channels,
    y.taps, x.taps, y.input.step, x.input.step, y.dilation, x.dilation, padOf(y, inside), padOf(x, inside),
    y.positions, x.positions, packed, columns, bias, relu ? 1 : 0,
    out.address, out.height, out.width, y.output.step, y.output.from, x.output.step, x.output.from,
    workspace, tileRows,
  ) // biome-ignore format: one line an object
}

/** `Σ patches(image)ᵀ · dy[output pixels]` as a padded sum in the workspace, for `finishFilterGrad`. */
export function sumFilterGrad(
  kernels: ConvKernels,
  part: Part,
  image: Image,
  dy: Pick<Image, 'address' | 'height' | 'width' | 'channels'>,
  { workspace, tileRows }: { readonly workspace: number; readonly tileRows: number },
): void {
  const { y, x, inside } = part
  kernels.convolveFilterGrad(
    startOf(image, part), image.batch, image.height, image.width, image.channels,
    y.taps, x.taps, y.input.step, x.input.step, y.dilation, x.dilation, padOf(y, inside), padOf(x, inside),
    y.positions, x.positions, dy.address, dy.height, dy.width, y.output.from, x.output.from, dy.channels,
    workspace, tileRows,
  ) // biome-ignore format: one line an object
}
