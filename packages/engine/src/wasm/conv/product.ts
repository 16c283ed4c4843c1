/** Products of the patches of images with filters, and their gradient: all convolutions are made of these two. */
import type { KernelModule } from '../module.ts'
import { convolvePart, depthOf, sumFilterGrad } from './kernels.ts'
import { type Image, type Part, withoutPadding } from './parts.ts'

/** Tiles of patches take about this much of the second-level cache. */
const tileBytes = 192 * 1024

/** Rows of a forward tile: a multiple of the 6 rows of a register tile. */
function tileRowsFor(depth: number): number {
  return Math.min(192, Math.max(12, Math.floor(tileBytes / (depth * 4) / 6) * 6))
}

/** Rows of a filter gradient's tile: they are the length of its inner loop, and must stay in the first-level cache. */
const gradientTileRows = 96

/** Outputs of about this size are finished by all interleaved parts before the next images are begun. */
const chunkBytes = 512 * 1024

/** What patches are multiplied with. */
export interface Filter {
  readonly columns: number
  /** Writes the taps of a part at an address, as `packB` does. */
  pack(to: number, part: Part): void
  /** Address of a vector that is added to every row; default none. */
  readonly bias?: number
  readonly relu?: boolean
}

/** `out = patches(image) · filter`, part by part; the results of several parts interleave in `out`. */
export function multiplyPatches(
  module: KernelModule,
  image: Image,
  whole: readonly Part[],
  { columns, pack, bias, relu = false }: Filter,
  out: Pick<Image, 'address' | 'height' | 'width'>,
): void {
  const { kernels } = module
  const parts = whole.flatMap((part) => withoutPadding(part, image))
  const outImageBytes = out.height * out.width * columns * 4
  // Interleaved parts write neighbouring pixels: all of them per few images, while the lines are in the cache.
  const interleaved = whole.length > 1 && parts.length === whole.length
  const chunk = interleaved ? Math.max(4, Math.ceil(chunkBytes / outImageBytes)) : image.batch
  const depths = parts.map((part) => depthOf(part, image))
  const packed = depths.map((depth) => kernels.packedFloats(depth, columns) * 4)
  const starts = packed.map((_, i) => (interleaved ? packed.slice(0, i).reduce((sum, bytes) => sum + bytes, 0) : 0))
  const packedBytes = Math.max(...packed.map((bytes, i) => bytes + starts[i]!))
  const biasBytes = bias === undefined ? 0 : Math.ceil(columns / 8) * 32
  const tileRows = parts.map(({ y, x }, i) => {
    const pixels = Math.min(chunk, image.batch) * y.positions * x.positions
    return Math.min(tileRowsFor(depths[i]!), Math.max(6, Math.ceil(pixels / 6) * 6))
  })
  const own = Math.max(...depths.map((depth, i) => kernels.convolveWorkspace(depth, columns, tileRows[i]!)))
  module.workspace(packedBytes + biasBytes + own, (workspace) => {
    const paddedBias = bias === undefined ? 0 : workspace + packedBytes
    // A vector is a packed matrix of depth one: this pads it with zeros to whole panels.
    if (bias !== undefined) kernels.packB(paddedBias, 1, columns, 0, 1, bias, columns, 1)
    if (interleaved) for (const [i, part] of parts.entries()) pack(workspace + starts[i]!, part)
    for (let n = 0; n < image.batch; n += chunk) {
      const address = image.address + n * image.height * image.width * image.channels * 4
      const images = { ...image, address, batch: Math.min(chunk, image.batch - n) }
      for (const [i, part] of parts.entries()) {
        if (!interleaved) pack(workspace, part)
        const multiplier = { packed: workspace + starts[i]!, columns, bias: paddedBias, relu }
        const space = { workspace: workspace + packedBytes + biasBytes, tileRows: tileRows[i]! }
        convolvePart(kernels, part, images, multiplier, { ...out, address: out.address + n * outImageBytes }, space)
      }
    }
  })
}

/** `out[taps, channels, columns] = Σ patches(image)ᵀ · dy[positions, columns]` of a forward pass. */
export function multiplyTransposedPatches(
  module: KernelModule,
  image: Image,
  whole: Part,
  dy: Pick<Image, 'address' | 'height' | 'width' | 'channels'>,
  out: number,
): void {
  const { kernels } = module
  const depth = depthOf(whole, image)
  const columns = dy.channels
  module.workspace(kernels.filterGradWorkspace(depth, columns, gradientTileRows), (workspace) => {
    const space = { workspace, tileRows: gradientTileRows }
    const parts = withoutPadding(whole, image)
    if (parts.length === 1 && parts[0] === whole) {
      sumFilterGrad(kernels, whole, image, dy, space)
      kernels.finishFilterGrad(workspace, 0, depth, columns, out, 0)
      return
    }
    kernels.zero(out, depth * columns)
    for (const part of parts) {
      sumFilterGrad(kernels, part, image, dy, space)
      const { y, x } = part
      const count = x.taps * image.channels
      for (let row = 0; row < y.taps; row++) {
        const tap = (y.filter.from + row) * whole.x.taps + x.filter.from
        kernels.finishFilterGrad(workspace, row * count, count, columns, out + tap * image.channels * columns * 4, 1)
      }
    }
  })
}
