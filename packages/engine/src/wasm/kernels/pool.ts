// Pooling over windows of [batch, depth, height, width, channels]; two-dimensional pools have depth 1.

/** Largest value of each window, or their mean over the elements inside the image. */
export function pool(
  average: bool,
  x: usize,
  batch: i32,
  d: i32,
  h: i32,
  w: i32,
  c: i32,
  kd: i32,
  kh: i32,
  kw: i32,
  sd: i32,
  sh: i32,
  sw: i32,
  pf: i32,
  pt: i32,
  pl: i32,
  od: i32,
  oh: i32,
  ow: i32,
  y: usize,
): void {
  const pixel = <usize>c << 2
  for (let n: i32 = 0; n < batch; n++) {
    for (let q: i32 = 0; q < od; q++) {
      const d0 = max(0, q * sd - pf)
      const d1 = min(d, q * sd - pf + kd)
      for (let i: i32 = 0; i < oh; i++) {
        const h0 = max(0, i * sh - pt)
        const h1 = min(h, i * sh - pt + kh)
        for (let j: i32 = 0; j < ow; j++) {
          const w0 = max(0, j * sw - pl)
          const w1 = min(w, j * sw - pl + kw)
          const elements = max(0, d1 - d0) * max(0, h1 - h0) * max(0, w1 - w0)
          const scale: f32 = average ? <f32>1 / <f32>elements : 0
          let at: i32 = 0
          for (; at < c; at += 4) {
            const part = <usize>at << 2
            const whole = at + 4 <= c
            let best = f32x4.splat(average ? <f32>0 : -Infinity)
            for (let a = d0; a < d1; a++) {
              for (let b = h0; b < h1; b++) {
                let p = x + <usize>(((n * d + a) * h + b) * w + w0) * pixel + part
                for (let e = w0; e < w1; e++) {
                  const v = whole ? v128.load(p) : loadTail(p, c - at)
                  best = average ? f32x4.add(best, v) : f32x4.max(best, v)
                  p += pixel
                }
              }
            }
            if (average) best = f32x4.mul(best, f32x4.splat(scale))
            if (whole) v128.store(y + part, best)
            else storeTail(y + part, best, c - at)
          }
          y += pixel
        }
      }
    }
  }
}

// @ts-expect-error: decorator
@inline
function loadTail(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p)
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4))
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8))
  return v
}

// @ts-expect-error: decorator
@inline
function storeTail(p: usize, v: v128, count: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0))
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4)
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8)
}

/**
 * Gradient of `pool`. Maximum: dy goes to the first largest element of the window, in row order; mean: an equal share to
 * every element that was counted. `dx` is zeroed first.
 */
export function poolGrad(
  average: bool,
  dy: usize,
  x: usize,
  batch: i32,
  d: i32,
  h: i32,
  w: i32,
  c: i32,
  kd: i32,
  kh: i32,
  kw: i32,
  sd: i32,
  sh: i32,
  sw: i32,
  pf: i32,
  pt: i32,
  pl: i32,
  od: i32,
  oh: i32,
  ow: i32,
  dx: usize,
): void {
  const pixel = <usize>c << 2
  memory.fill(dx, 0, <usize>(batch * d * h * w) * pixel)
  for (let n: i32 = 0; n < batch; n++) {
    for (let q: i32 = 0; q < od; q++) {
      const d0 = max(0, q * sd - pf)
      const d1 = min(d, q * sd - pf + kd)
      for (let i: i32 = 0; i < oh; i++) {
        const h0 = max(0, i * sh - pt)
        const h1 = min(h, i * sh - pt + kh)
        for (let j: i32 = 0; j < ow; j++) {
          const w0 = max(0, j * sw - pl)
          const w1 = min(w, j * sw - pl + kw)
          const elements = max(0, d1 - d0) * max(0, h1 - h0) * max(0, w1 - w0)
          const scale: f32 = average ? <f32>1 / <f32>elements : 1
          for (let at: i32 = 0; at < c; at += 4) {
            const part = <usize>at << 2
            const whole = at + 4 <= c
            const left = c - at
            let g = whole ? v128.load(dy + part) : loadTail(dy + part, left)
            let best = f32x4.splat(-Infinity)
            if (average) {
              g = f32x4.mul(g, f32x4.splat(scale))
            } else {
              for (let a = d0; a < d1; a++) {
                for (let b = h0; b < h1; b++) {
                  let p = x + <usize>(((n * d + a) * h + b) * w + w0) * pixel + part
                  for (let e = w0; e < w1; e++) {
                    best = f32x4.max(best, whole ? v128.load(p) : loadTail(p, left))
                    p += pixel
                  }
                }
              }
            }
            for (let a = d0; a < d1; a++) {
              for (let b = h0; b < h1; b++) {
                const offset = <usize>(((n * d + a) * h + b) * w + w0) * pixel + part
                let p = x + offset
                let to = dx + offset
                for (let e = w0; e < w1; e++) {
                  let share = g
                  if (!average) {
                    const hit = f32x4.eq(whole ? v128.load(p) : loadTail(p, left), best)
                    share = v128.and(g, hit)
                    // Used once: later elements of equal value get nothing.
                    g = v128.andnot(g, hit)
                  }
                  if (whole) v128.store(to, f32x4.add(v128.load(to), share))
                  else storeTail(to, f32x4.add(loadTail(to, left), share), left)
                  p += pixel
                  to += pixel
                }
              }
            }
          }
          dy += pixel
        }
      }
    }
  }
}
