// Blur pooling: linear maps of images that work along rows and columns separately. A map of one axis is a table of what
// every written element reads: `begins[size' + 1]` counts into `from` and `shares`, one entry a product.
import { madd, zeroFloats } from './simd'

/**
 * `y = rows · x · columnsᵀ` for every image and channel; x is `[batch, h, w, c]`, y `[batch, oh, ow, c]`. `line` holds
 * `w·c` floats.
 */
export function mapSeparably(
  x: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  oh: i32,
  ow: i32,
  rowBegins: usize,
  rowFrom: usize,
  rowShares: usize,
  columnBegins: usize,
  columnFrom: usize,
  columnShares: usize,
  line: usize,
  y: usize,
): void {
  const length = w * c
  const bytes = <usize>length << 2
  const pixel = <usize>c << 2
  for (let n: i32 = 0; n < batch; n++) {
    for (let i: i32 = 0; i < oh; i++) {
      zeroFloats(line, length)
      const last = load<i32>(rowBegins + (<usize>i << 2), 4)
      for (let k = load<i32>(rowBegins + (<usize>i << 2)); k < last; k++) {
        const row = x + <usize>load<i32>(rowFrom + (<usize>k << 2)) * bytes
        addScaled(row, load<f32>(rowShares + (<usize>k << 2)), length, line)
      }
      for (let j: i32 = 0; j < ow; j++) {
        zeroFloats(y, c)
        const end = load<i32>(columnBegins + (<usize>j << 2), 4)
        for (let k = load<i32>(columnBegins + (<usize>j << 2)); k < end; k++) {
          const column = line + <usize>load<i32>(columnFrom + (<usize>k << 2)) * pixel
          addScaled(column, load<f32>(columnShares + (<usize>k << 2)), c, y)
        }
        y += pixel
      }
    }
    x += <usize>h * bytes
  }
}

/** `to += share · from`. */
// @ts-expect-error: decorator
@inline
function addScaled(from: usize, share: f32, count: i32, to: usize): void {
  const s = f32x4.splat(share)
  const bytes = <usize>count << 2
  const whole = bytes & ~15
  let i: usize = 0
  for (; i < whole; i += 16) v128.store(to + i, madd(v128.load(from + i), s, v128.load(to + i)))
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + share * load<f32>(from + i))
}
