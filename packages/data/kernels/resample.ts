// Both passes of Pillow's resampling on RGB bytes. Weights are whole numbers of 22 bits, four of them a tap's vector, so
// sums are exact. Loads and stores of a pixel move four bytes; the fourth belongs to the next pixel or to padding.

const fractionBits = 22
const half = 1 << (fractionBits - 1)

function pixel(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)))
}

function putPixel(at: usize, sums: v128): void {
  const words = i16x8.narrow_i32x4_s(i32x4.shr_s(sums, fractionBits), i32x4.splat(0))
  v128.store_lane<i32>(at, i8x16.narrow_i16x8_u(words, words), 0)
}

/**
 * Along rows: `out[y, x] = (½ + Σ source[y, starts[x] + k] · weights[x, k]) >> 22` for `rows` rows of `width` pixels.
 * Rows go four at a time, so that a weight is fetched once for four pixels.
 */
export function narrow(
  source: usize,
  width: i32,
  rows: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  stride: i32,
  outWidth: i32,
  out: usize,
): void {
  const rowBytes = <usize>(width * 3)
  const outBytes = <usize>(outWidth * 3)
  const begin = i32x4.splat(half)
  let y: i32 = 0
  for (; y + 4 <= rows; y += 4) {
    const row = source + <usize>y * rowBytes
    const put = out + <usize>y * outBytes
    for (let x: i32 = 0; x < outWidth; x++) {
      const count = load<i32>(counts + ((<usize>x) << 2))
      let at = row + <usize>(load<i32>(starts + ((<usize>x) << 2)) * 3)
      let weight = weights + ((<usize>(x * stride)) << 2)
      let a = begin
      let b = begin
      let c = begin
      let d = begin
      for (let k: i32 = 0; k < count; k++) {
        const w = v128.load32_splat(weight)
        a = i32x4.add(a, i32x4.mul(pixel(at), w))
        b = i32x4.add(b, i32x4.mul(pixel(at + rowBytes), w))
        c = i32x4.add(c, i32x4.mul(pixel(at + 2 * rowBytes), w))
        d = i32x4.add(d, i32x4.mul(pixel(at + 3 * rowBytes), w))
        at += 3
        weight += 4
      }
      const to = put + <usize>(x * 3)
      // The fourth byte behind a row's last pixel is the first of the next row, which is there already.
      if (x < outWidth - 1) {
        putPixel(to, a)
        putPixel(to + outBytes, b)
        putPixel(to + 2 * outBytes, c)
        putPixel(to + 3 * outBytes, d)
      } else {
        putBytes(to, a)
        putBytes(to + outBytes, b)
        putBytes(to + 2 * outBytes, c)
        putBytes(to + 3 * outBytes, d)
      }
    }
  }
  for (; y < rows; y++) {
    const row = source + <usize>y * rowBytes
    const put = out + <usize>y * outBytes
    for (let x: i32 = 0; x < outWidth; x++) {
      const count = load<i32>(counts + ((<usize>x) << 2))
      let at = row + <usize>(load<i32>(starts + ((<usize>x) << 2)) * 3)
      let weight = weights + ((<usize>(x * stride)) << 2)
      let sum = begin
      for (let k: i32 = 0; k < count; k++) {
        sum = i32x4.add(sum, i32x4.mul(pixel(at), v128.load32_splat(weight)))
        at += 3
        weight += 4
      }
      putBytes(put + <usize>(x * 3), sum)
    }
  }
}

function putBytes(at: usize, sums: v128): void {
  const shifted = i32x4.shr_s(sums, fractionBits)
  store<u8>(at, <u8>i32x4.extract_lane(shifted, 0))
  store<u8>(at + 1, <u8>i32x4.extract_lane(shifted, 1))
  store<u8>(at + 2, <u8>i32x4.extract_lane(shifted, 2))
}

/**
 * Down columns: `out[y, i] = (½ + Σ rows[starts[y] + k − first, i] · weights[y, k]) >> 22` for every byte i of a row.
 * Reads and writes up to 15 bytes beyond the last row.
 */
export function shorten(
  rows: usize,
  rowBytes: i32,
  first: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  stride: i32,
  outRows: i32,
  out: usize,
): void {
  const begin = i32x4.splat(half)
  for (let y: i32 = 0; y < outRows; y++) {
    const count = load<i32>(counts + ((<usize>y) << 2))
    const from = rows + <usize>((load<i32>(starts + ((<usize>y) << 2)) - first) * rowBytes)
    const to = out + <usize>(y * rowBytes)
    for (let i: i32 = 0; i < rowBytes; i += 16) {
      let at = from + <usize>i
      let weight = weights + ((<usize>(y * stride)) << 2)
      let a = begin
      let b = begin
      let c = begin
      let d = begin
      for (let k: i32 = 0; k < count; k++) {
        const w = v128.load32_splat(weight)
        const bytes = v128.load(at)
        const low = i16x8.extend_low_i8x16_u(bytes)
        const high = i16x8.extend_high_i8x16_u(bytes)
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), w))
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), w))
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), w))
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), w))
        at += <usize>rowBytes
        weight += 4
      }
      const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, fractionBits), i32x4.shr_s(b, fractionBits))
      const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, fractionBits), i32x4.shr_s(d, fractionBits))
      // What goes beyond the row is overwritten by the next one, and padding takes it behind the last.
      v128.store(to + <usize>i, i8x16.narrow_i16x8_u(low, high))
    }
  }
}
