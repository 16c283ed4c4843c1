// Gradients of the depthwise convolution; filter [kh, kw, c, mult], output channel c·mult + q.
import { accumulate, multiplyAdd } from './elementwise'

/** `dx[n, ih, iw, c] = Σ dy[n, oh, ow, c·mult + q] · filter[r, s, c, q]`. */
export function depthwiseInputGrad(
  dy: usize,
  filter: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  mult: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  pt: i32,
  pl: i32,
  oh: i32,
  ow: i32,
  dx: usize,
): void {
  memory.fill(dx, 0, (<usize>(batch * h * w * c)) << 2)
  const outPixel = (<usize>(c * mult)) << 2
  for (let n: i32 = 0; n < batch; n++) {
    for (let i: i32 = 0; i < oh; i++) {
      for (let j: i32 = 0; j < ow; j++) {
        for (let r: i32 = 0; r < kh; r++) {
          const ih = i * sh - pt + r * dh
          if (ih < 0 || ih >= h) continue
          for (let s: i32 = 0; s < kw; s++) {
            const iw = j * sw - pl + s * dw
            if (iw < 0 || iw >= w) continue
            const to = dx + ((<usize>(((n * h + ih) * w + iw) * c)) << 2)
            const tap = filter + <usize>(r * kw + s) * outPixel
            if (mult == 1) multiplyAdd(dy, tap, c, to)
            else {
              for (let k: i32 = 0; k < c; k++) {
                let sum = load<f32>(to + ((<usize>k) << 2))
                for (let q: i32 = 0; q < mult; q++) {
                  const at = (<usize>(k * mult + q)) << 2
                  sum += load<f32>(dy + at) * load<f32>(tap + at)
                }
                store<f32>(to + ((<usize>k) << 2), sum)
              }
            }
          }
        }
        dy += outPixel
      }
    }
  }
}

/** `df[r, s, c, q] = Σ x[n, ih, iw, c] · dy[n, oh, ow, c·mult + q]`; `workspace` holds one filter. */
export function depthwiseFilterGrad(
  x: usize,
  dy: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  mult: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  pt: i32,
  pl: i32,
  oh: i32,
  ow: i32,
  df: usize,
  workspace: usize,
): void {
  const outPixel = (<usize>(c * mult)) << 2
  const floats = kh * kw * c * mult
  memory.fill(df, 0, (<usize>floats) << 2)
  for (let n: i32 = 0; n < batch; n++) {
    // One image at a time, so that a long sum is a sum of short ones and keeps its digits.
    memory.fill(workspace, 0, (<usize>floats) << 2)
    for (let i: i32 = 0; i < oh; i++) {
      for (let j: i32 = 0; j < ow; j++) {
        for (let r: i32 = 0; r < kh; r++) {
          const ih = i * sh - pt + r * dh
          if (ih < 0 || ih >= h) continue
          for (let s: i32 = 0; s < kw; s++) {
            const iw = j * sw - pl + s * dw
            if (iw < 0 || iw >= w) continue
            const from = x + ((<usize>(((n * h + ih) * w + iw) * c)) << 2)
            const tap = workspace + <usize>(r * kw + s) * outPixel
            if (mult == 1) multiplyAdd(dy, from, c, tap)
            else {
              for (let k: i32 = 0; k < c; k++) {
                const v = load<f32>(from + ((<usize>k) << 2))
                for (let q: i32 = 0; q < mult; q++) {
                  const at = (<usize>(k * mult + q)) << 2
                  store<f32>(tap + at, load<f32>(tap + at) + v * load<f32>(dy + at))
                }
              }
            }
          }
        }
        dy += outPixel
      }
    }
    accumulate(workspace, floats, df)
  }
}
