// Images as float32 with four values a pixel (the fourth is of no account), so that a pixel is one vector.

/** RGB bytes as floats in [0, 1]. Reads one byte beyond the last pixel. */
export function widen(bytes: usize, pixels: i32, out: usize): void {
  const scale = f32x4.splat(<f32>(1.0 / 255.0))
  for (let i: i32 = 0; i < pixels; i++) {
    v128.store(out, f32x4.mul(floats(bytes), scale))
    bytes += 3
    out += 16
  }
}

function floats(at: usize): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))))
}

/** Mean of the source pixels ⌊i·in/out⌋ … ⌈(i+1)·in/out⌉ − 1 along both axes. */
export function shrinkArea(bytes: usize, width: i32, height: i32, outWidth: i32, outHeight: i32, out: usize): void {
  for (let y: i32 = 0; y < outHeight; y++) {
    const top = (y * height) / outHeight
    const bottom = ((y + 1) * height + outHeight - 1) / outHeight
    for (let x: i32 = 0; x < outWidth; x++) {
      const left = (x * width) / outWidth
      const right = ((x + 1) * width + outWidth - 1) / outWidth
      let sum = f32x4.splat(0)
      for (let i = top; i < bottom; i++) {
        let at = bytes + <usize>((i * width + left) * 3)
        for (let j = left; j < right; j++) {
          sum = f32x4.add(sum, floats(at))
          at += 3
        }
      }
      const scale = <f32>1 / <f32>((bottom - top) * (right - left) * 255)
      v128.store(out, f32x4.mul(sum, f32x4.splat(scale)))
      out += 16
    }
  }
}

/** From an index to [−1, 1]; the only pixel of a line lies in its middle. */
function place(index: v128, length: i32): v128 {
  if (length === 1) return f32x4.splat(0)
  const doubled = f32x4.add(index, index)
  return f32x4.sub(f32x4.div(doubled, f32x4.splat(<f32>(length - 1))), f32x4.splat(1))
}

/** From [−1, 1] to pixels 0 … span, mirrored at both ends as often as needed. */
function mirror(coordinates: v128, span: f32): v128 {
  if (span === 0) return f32x4.splat(0)
  const whole = f32x4.splat(span)
  const twice = f32x4.splat(2 * span)
  const pixels = f32x4.abs(f32x4.mul(f32x4.add(coordinates, f32x4.splat(1)), f32x4.splat(span / 2)))
  const turn = f32x4.sub(pixels, f32x4.mul(f32x4.floor(f32x4.div(pixels, twice)), twice))
  const back = f32x4.sub(whole, f32x4.abs(f32x4.sub(turn, whole)))
  return f32x4.min(f32x4.max(back, f32x4.splat(0)), whole)
}

/**
 * Samples the image at the points to which `map` (nine float32, row by row) sends the output's grid, bilinearly.
 * Coordinates run from −1 to 1 between the centres of the outermost pixels. `out` gets three floats a pixel; up to four
 * pixels beyond its end are written.
 */
export function sampleMap(
  image: usize,
  width: i32,
  height: i32,
  map: usize,
  outWidth: i32,
  outHeight: i32,
  out: usize,
): void {
  const spanX = <f32>(width - 1)
  const spanY = <f32>(height - 1)
  const mx = f32x4.splat(load<f32>(map))
  const my = f32x4.splat(load<f32>(map, 12))
  const mz = f32x4.splat(load<f32>(map, 24))
  const lanes = f32x4(0, 1, 2, 3)
  for (let i: i32 = 0; i < outHeight; i++) {
    const v = place(f32x4.splat(<f32>i), outHeight)
    const bx = f32x4.add(f32x4.mul(f32x4.splat(load<f32>(map, 4)), v), f32x4.splat(load<f32>(map, 8)))
    const by = f32x4.add(f32x4.mul(f32x4.splat(load<f32>(map, 16)), v), f32x4.splat(load<f32>(map, 20)))
    const bz = f32x4.add(f32x4.mul(f32x4.splat(load<f32>(map, 28)), v), f32x4.splat(load<f32>(map, 32)))
    const row = out + <usize>(i * outWidth * 12)
    for (let j: i32 = 0; j < outWidth; j += 4) {
      const u = place(f32x4.add(f32x4.splat(<f32>j), lanes), outWidth)
      const depth = f32x4.add(f32x4.mul(mz, u), bz)
      const x = mirror(f32x4.div(f32x4.add(f32x4.mul(mx, u), bx), depth), spanX)
      const y = mirror(f32x4.div(f32x4.add(f32x4.mul(my, u), by), depth), spanY)
      const left = f32x4.floor(x)
      const top = f32x4.floor(y)
      const fx = f32x4.sub(x, left)
      const fy = f32x4.sub(y, top)
      const l = i32x4.trunc_sat_f32x4_s(left)
      const t = i32x4.trunc_sat_f32x4_s(top)
      const to = row + <usize>(j * 12)
      blend(
        image,
        width,
        height,
        i32x4.extract_lane(l, 0),
        i32x4.extract_lane(t, 0),
        f32x4.extract_lane(fx, 0),
        f32x4.extract_lane(fy, 0),
        to,
      )
      blend(
        image,
        width,
        height,
        i32x4.extract_lane(l, 1),
        i32x4.extract_lane(t, 1),
        f32x4.extract_lane(fx, 1),
        f32x4.extract_lane(fy, 1),
        to + 12,
      )
      blend(
        image,
        width,
        height,
        i32x4.extract_lane(l, 2),
        i32x4.extract_lane(t, 2),
        f32x4.extract_lane(fx, 2),
        f32x4.extract_lane(fy, 2),
        to + 24,
      )
      blend(
        image,
        width,
        height,
        i32x4.extract_lane(l, 3),
        i32x4.extract_lane(t, 3),
        f32x4.extract_lane(fx, 3),
        f32x4.extract_lane(fy, 3),
        to + 36,
      )
    }
  }
}

/** The mean of four neighbours, weighted by nearness. */
function blend(image: usize, width: i32, height: i32, x: i32, y: i32, toRight: f32, toBottom: f32, to: usize): void {
  const at = image + ((<usize>(y * width + x)) << 4)
  const right: usize = x < width - 1 ? 16 : 0
  const down: usize = y < height - 1 ? (<usize>width) << 4 : 0
  const upper = mix(v128.load(at), v128.load(at + right), toRight)
  const lower = mix(v128.load(at + down), v128.load(at + down + right), toRight)
  v128.store(to, mix(upper, lower, toBottom))
}

function mix(a: v128, b: v128, share: f32): v128 {
  return f32x4.add(f32x4.mul(a, f32x4.splat(1 - share)), f32x4.mul(b, f32x4.splat(share)))
}
