// Sums over the middle of [outer, reduce, inner], and sums per channel for batch norm, in float64.

/** Rows that are summed while they lie in the first-level cache, before the next channels are read. */
export const ROW_BLOCK: i32 = 64

/** Adds rows `r … r + rows` of `x[·, inner]` to the float64 sums `sum[inner]`. */
function addRows(x: usize, rows: i32, inner: i32, sum: usize): void {
  const stride = (<usize>inner) << 2
  let i: i32 = 0
  for (; i + 4 <= inner; i += 4) {
    let p = x + ((<usize>i) << 2)
    const s = sum + ((<usize>i) << 3)
    let lo = v128.load(s)
    let hi = v128.load(s, 16)
    for (let r: i32 = 0; r < rows; r++) {
      const v = v128.load(p)
      lo = f64x2.add(lo, f64x2.promote_low_f32x4(v))
      hi = f64x2.add(
        hi,
        f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),
      )
      p += stride
    }
    v128.store(s, lo)
    v128.store(s, hi, 16)
  }
  for (; i < inner; i++) {
    let p = x + ((<usize>i) << 2)
    const s = sum + ((<usize>i) << 3)
    let total = load<f64>(s)
    for (let r: i32 = 0; r < rows; r++) {
      total += <f64>load<f32>(p)
      p += stride
    }
    store<f64>(s, total)
  }
}

/** Sum of `count` neighbouring floats. */
function sumRun(x: usize, count: i32): f64 {
  let lo = f64x2.splat(0)
  let hi = f64x2.splat(0)
  let i: i32 = 0
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(x)
    lo = f64x2.add(lo, f64x2.promote_low_f32x4(v))
    hi = f64x2.add(
      hi,
      f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),
    )
    x += 16
  }
  const both = f64x2.add(lo, hi)
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
  for (; i < count; i++) {
    total += <f64>load<f32>(x)
    x += 4
  }
  return total
}

/** `out[o, i] = scale · Σ_r x[o, r, i]`; `workspace` holds `8·inner` bytes. */
export function reduceSum(
  x: usize,
  outer: i32,
  reduce: i32,
  inner: i32,
  scale: f64,
  out: usize,
  workspace: usize,
): void {
  if (inner == 1) {
    for (let o: i32 = 0; o < outer; o++) {
      store<f32>(out + ((<usize>o) << 2), <f32>(sumRun(x + ((<usize>o * <usize>reduce) << 2), reduce) * scale))
    }
    return
  }
  for (let o: i32 = 0; o < outer; o++) {
    memory.fill(workspace, 0, (<usize>inner) << 3)
    for (let r: i32 = 0; r < reduce; r += ROW_BLOCK) {
      addRows(x + ((<usize>(o * reduce + r) * <usize>inner) << 2), min(ROW_BLOCK, reduce - r), inner, workspace)
    }
    for (let i: i32 = 0; i < inner; i++) {
      store<f32>(out + ((<usize>(o * inner + i)) << 2), <f32>(load<f64>(workspace + ((<usize>i) << 3)) * scale))
    }
  }
}

/** `out[o, m, i] = x[o, i]` for every m: the gradient of a sum over the middle axes. */
export function broadcastMiddle(x: usize, outer: i32, middle: i32, inner: i32, out: usize): void {
  if (inner == 1) {
    for (let o: i32 = 0; o < outer; o++) {
      const value = f32x4.splat(load<f32>(x + ((<usize>o) << 2)))
      let m: i32 = 0
      for (; m + 4 <= middle; m += 4) {
        v128.store(out, value)
        out += 16
      }
      for (; m < middle; m++) {
        store<f32>(out, f32x4.extract_lane(value, 0))
        out += 4
      }
    }
    return
  }
  const bytes = (<usize>inner) << 2
  for (let o: i32 = 0; o < outer; o++) {
    for (let m: i32 = 0; m < middle; m++) {
      let i: usize = 0
      for (; i + 16 <= bytes; i += 16) v128.store(out + i, v128.load(x + i))
      for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i))
      out += bytes
    }
    x += bytes
  }
}
