/** Blur pooling and its adjoint on WebAssembly: BlurPool and BlurPoolGrad. */
import type { KernelModule } from './module.ts'
import { replaceKernel } from './register.ts'

/** A filter along both axes of an image, with subsampling; positions outside are mirrored, or 0. */
interface BlurPoolAttrs {
  taps: number[]
  stride: number
  padding: number[]
  border: 'reflect' | 'zero'
}

/** What every written element of an axis reads, as kernels/blur.ts wants it. */
interface AxisMap {
  readonly begins: Int32Array
  readonly from: Int32Array
  readonly shares: Float32Array
}

type Terms = Map<number, number>[]

/** The filter along an axis, one map from pixel to share for each written element; borders are folded in. */
function filterTerms(size: number, outSize: number, { taps, stride, padding, border }: BlurPoolAttrs): Terms {
  return Array.from({ length: outSize }, (_, out) => {
    const terms = new Map<number, number>()
    for (const [tap, share] of taps.entries()) {
      const outside = out * stride + tap - padding[0]!
      const inside = Math.abs(outside)
      const mirrored = inside < size ? inside : 2 * (size - 1) - inside
      const at = border === 'reflect' ? mirrored : outside
      if (at >= 0 && at < size) terms.set(at, (terms.get(at) ?? 0) + share)
    }
    return terms
  })
}

function transposed(terms: Terms, size: number): Terms {
  const result: Terms = Array.from({ length: size }, () => new Map<number, number>())
  for (const [out, row] of terms.entries()) for (const [at, share] of row) result[at]!.set(out, share)
  return result
}

function axisMap(terms: Terms): AxisMap {
  const begins = new Int32Array(terms.length + 1)
  for (const [out, row] of terms.entries()) begins[out + 1] = begins[out]! + row.size
  return {
    begins,
    from: Int32Array.from(terms.flatMap((row) => [...row.keys()])),
    shares: Float32Array.from(terms.flatMap((row) => [...row.values()])),
  }
}

/** Runs `mapSeparably` on images `[batch, h, w, c]` at `x`. */
function run(
  module: KernelModule,
  [batch, h, w, c]: readonly number[],
  [rows, columns]: readonly [Terms, Terms],
  x: number,
  y: number,
): void {
  const arrays = [rows, columns].flatMap((terms) => Object.values(axisMap(terms)) as (Int32Array | Float32Array)[])
  const tables = arrays.reduce((count, { length }) => count + length, 0)
  module.workspace((tables + w! * c!) * 4, (workspace) => {
    let next = workspace
    const addresses = arrays.map((values) => {
      const address = next
      module.write(address, values)
      next += values.byteLength
      return address
    })
    module.kernels.mapSeparably(x, batch!, h!, w!, c!, rows.length, columns.length, ...addresses, next, y)
  })
}

const blurred = (size: number, { taps, stride, padding }: BlurPoolAttrs) =>
  Math.floor((size + padding[0]! + padding[1]! - taps.length) / stride) + 1

/** Registers every kernel of this topic. */
export function registerBlurs(): void {
  replaceKernel<BlurPoolAttrs>('BlurPool', ({ inputs, attrs, module }) => {
    const x = inputs.x!
    const [batch, height, width, channels] = x.shape as [number, number, number, number]
    const [rows, columns] = [blurred(height, attrs), blurred(width, attrs)]
    const y = module.output([batch, rows, columns, channels])
    const terms = [filterTerms(height, rows, attrs), filterTerms(width, columns, attrs)] as const
    run(module, x.shape, terms, module.address(x), module.address(y))
    return y
  })
  replaceKernel<BlurPoolAttrs & { height: number; width: number }>('BlurPoolGrad', ({ inputs, attrs, module }) => {
    const dy = inputs.dy!
    const { height, width } = attrs
    const [batch, rows, columns, channels] = dy.shape as [number, number, number, number]
    const dx = module.output([batch, height, width, channels])
    const adjoint = (size: number, outSize: number) => transposed(filterTerms(size, outSize, attrs), size)
    const terms = [adjoint(height, rows), adjoint(width, columns)] as const
    run(module, dy.shape, terms, module.address(dy), module.address(dx))
    return dx
  })
}
