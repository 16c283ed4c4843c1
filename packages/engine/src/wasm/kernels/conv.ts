// Convolutions as matrix products over tiles of image patches that stay in the second-level cache.
import { accumulate } from './elementwise'
import { MR, multiplyTile, multiplyTransposedTile, NR, packB } from './gemm'
import { copyFloats, zeroFloats } from './simd'

/** A row of a window that leaves the image to the left or right: zeros there. */
function copyPartly(to: usize, line: usize, iw: i32, kw: i32, w: i32, c: i32): void {
  const lo = min(max(0, -iw), kw)
  const hi = max(min(kw, w - iw), lo)
  zeroFloats(to, lo * c)
  copyFloats(to + (<usize>(lo * c) << 2), line + (<usize>((iw + lo) * c) << 2), (hi - lo) * c)
  zeroFloats(to + (<usize>(hi * c) << 2), (kw - hi) * c)
}

/** `count` runs of `run` floats between two strides; the short runs of few channels without an inner loop. */
function copyRuns(to: usize, toStride: usize, from: usize, fromStride: usize, run: i32, count: i32): void {
  if (run >= 4 && run <= 8) {
    const last = <usize>(run - 4) << 2
    for (; count > 0; count--) {
      v128.store(to, v128.load(from))
      v128.store(to + last, v128.load(from + last))
      to += toStride
      from += fromStride
    }
  } else if (run > 8 && run <= 12) {
    const last = <usize>(run - 4) << 2
    for (; count > 0; count--) {
      v128.store(to, v128.load(from))
      v128.store(to, v128.load(from, 16), 16)
      v128.store(to + last, v128.load(from + last))
      to += toStride
      from += fromStride
    }
  } else {
    for (; count > 0; count--) {
      copyFloats(to, from, run)
      to += toStride
      from += fromStride
    }
  }
}

/**
 * Patches of pixels `m … m + rows` of the grid `[n, gridH, gridW]` as rows of `tile`: row = kh·kw·c floats, zero where
 * the window leaves the image. Window of grid pixel (i, j) starts at (i·sh − pt, j·sw − pl) of `x[n, h, w, c]`.
 */
function gatherPatches(
  tile: usize,
  ldt: usize,
  x: usize,
  h: i32,
  w: i32,
  c: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  pt: i32,
  pl: i32,
  gridH: i32,
  gridW: i32,
  m: i32,
  rows: i32,
): void {
  let j = m % gridW
  const line = m / gridW
  let i = line % gridH
  let n = line / gridH
  const run = kw * c
  while (rows > 0) {
    const segment = min(rows, gridW - j)
    for (let r: i32 = 0; r < kh; r++) {
      const ih = i * sh - pt + r * dh
      let to = tile + ((<usize>(r * run)) << 2)
      if (ih < 0 || ih >= h) {
        for (let q: i32 = 0; q < segment; q++) {
          zeroFloats(to, run)
          to += ldt
        }
        continue
      }
      const lineStart = x + ((<usize>((n * h + ih) * w * c)) << 2)
      let iw = j * sw - pl
      if (dw == 1) {
        // The windows inside the image, which are most, are copied without a test each.
        const before = min(segment, iw < 0 ? (-iw + sw - 1) / sw : 0)
        const after = max(before, min(segment, iw + kw <= w ? (w - kw - iw) / sw + 1 : 0))
        for (let q: i32 = 0; q < before; q++) {
          copyPartly(to, lineStart, iw, kw, w, c)
          to += ldt
          iw += sw
        }
        const count = after - before
        copyRuns(to, ldt, lineStart + (<usize>(iw * c) << 2), <usize>(sw * c) << 2, run, count)
        to += <usize>count * ldt
        iw += count * sw
        for (let q = after; q < segment; q++) {
          copyPartly(to, lineStart, iw, kw, w, c)
          to += ldt
          iw += sw
        }
      } else {
        for (let q: i32 = 0; q < segment; q++) {
          for (let s: i32 = 0; s < kw; s++) {
            const at = iw + s * dw
            const target = to + ((<usize>(s * c)) << 2)
            if (at >= 0 && at < w) copyFloats(target, lineStart + ((<usize>(at * c)) << 2), c)
            else zeroFloats(target, c)
          }
          to += ldt
          iw += sw
        }
      }
    }
    tile += <usize>segment * ldt
    rows -= segment
    j = 0
    i++
    if (i == gridH) {
      i = 0
      n++
    }
  }
}

/** Bytes of workspace that `convolve` needs besides the packed filter, for tiles of `tileRows` rows. */
export function convolveWorkspace(depth: i32, columns: i32, tileRows: i32): i32 {
  return tileRows * depth * 4 + tileRows * 8 + ((columns + NR - 1) / NR) * NR * 4 + 64
}

/**
 * Patches of `x[batch, h, w, c]` times a packed filter. Grid pixel (i, j) goes to pixel (i·oi + oi0, j·oj + oj0) of
 * `out[batch, outH, outW, columns]`: the forward pass uses the identity, the gradient of a strided one interleaves.
 * `tileRows` is a multiple of 6.
 */
export function convolve(
  x: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  pt: i32,
  pl: i32,
  gridH: i32,
  gridW: i32,
  packed: usize,
  columns: i32,
  bias: usize,
  relu: bool,
  out: usize,
  outH: i32,
  outW: i32,
  oi: i32,
  oi0: i32,
  oj: i32,
  oj0: i32,
  workspace: usize,
  tileRows: i32,
): void {
  const depth = kh * kw * c
  const ldt = (<usize>depth) << 2
  const at = workspace
  const ct = at + ((<usize>tileRows) << 2)
  const dummy = ct + ((<usize>tileRows) << 2)
  const tile = dummy + ((<usize>(((columns + NR - 1) / NR) * NR)) << 2)
  // A 1×1 window with no padding needs no copy: the patch is the pixel.
  const direct = kh == 1 && kw == 1 && pt == 0 && pl == 0 && (gridH - 1) * sh < h && (gridW - 1) * sw < w
  const plainOut = oi == 1 && oj == 1 && gridH == outH && gridW == outW
  const pixels = batch * gridH * gridW
  if (!direct) {
    for (let q: i32 = 0; q < tileRows; q++) store<u32>(at + ((<usize>q) << 2), <u32>(tile + <usize>q * ldt))
  }
  for (let m: i32 = 0; m < pixels; m += tileRows) {
    const rows = min(tileRows, pixels - m)
    const groups = (rows + MR - 1) / MR
    if (!direct) gatherPatches(tile, ldt, x, h, w, c, kh, kw, sh, sw, dh, dw, pt, pl, gridH, gridW, m, rows)
    if (plainOut && !direct) {
      for (let q: i32 = 0; q < rows; q++) {
        store<u32>(ct + ((<usize>q) << 2), <u32>(out + ((<usize>((m + q) * columns)) << 2)))
      }
    } else {
      let j = m % gridW
      const line = m / gridW
      let i = line % gridH
      let n = line / gridH
      for (let q: i32 = 0; q < rows; q++) {
        const pixel = (n * outH + i * oi + oi0) * outW + j * oj + oj0
        store<u32>(ct + ((<usize>q) << 2), <u32>(out + ((<usize>(pixel * columns)) << 2)))
        if (direct) {
          store<u32>(at + ((<usize>q) << 2), <u32>(x + ((<usize>(((n * h + i * sh) * w + j * sw) * c)) << 2)))
        }
        if (++j == gridW) {
          j = 0
          if (++i == gridH) {
            i = 0
            n++
          }
        }
      }
    }
    for (let q: i32 = rows; q < groups * MR; q++) {
      store<u32>(ct + ((<usize>q) << 2), <u32>dummy)
      if (direct) store<u32>(at + ((<usize>q) << 2), load<u32>(at))
    }
    multiplyTile(at, ct, groups, depth, columns, packed, bias, relu)
  }
}

/**
 * Packs the filter of one residue class of a strided convolution's gradient: taps r0, r0 + sh, … and s0, s0 + sw, …,
 * both reversed, with channels in and out exchanged. Depth is tapsH·tapsW·co, columns are ci.
 */
export function packFilterTransposed(
  to: usize,
  filter: usize,
  kh: i32,
  kw: i32,
  ci: i32,
  co: i32,
  r0: i32,
  sh: i32,
  tapsH: i32,
  s0: i32,
  sw: i32,
  tapsW: i32,
): void {
  const depth = tapsH * tapsW * co
  let k: i32 = 0
  for (let r: i32 = tapsH - 1; r >= 0; r--) {
    for (let s: i32 = tapsW - 1; s >= 0; s--) {
      const tap = (r0 + r * sh) * kw + s0 + s * sw
      packB(to, depth, ci, k, co, filter + ((<usize>(tap * ci * co)) << 2), 1, co)
      k += co
    }
  }
}

/** Bytes of workspace for `convolveFilterGrad`. */
export function filterGradWorkspace(depth: i32, columns: i32, tileRows: i32): i32 {
  const depthPadded = ((depth + MR - 1) / MR) * MR
  const columnsPadded = ((columns + NR - 1) / NR) * NR
  return (tileRows * (depthPadded + 16 + columnsPadded) + depthPadded * columnsPadded) * 4 + 64
}

/**
 * `Σ patches(x)ᵀ · dy` as a padded sum in the workspace, out of which `finishFilterGrad` takes it. The grid is the
 * rectangle of `dy[batch, dyH, dyW, columns]` that begins at (i0, j0).
 */
export function convolveFilterGrad(
  x: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  pt: i32,
  pl: i32,
  gridH: i32,
  gridW: i32,
  dy: usize,
  dyH: i32,
  dyW: i32,
  i0: i32,
  j0: i32,
  columns: i32,
  workspace: usize,
  tileRows: i32,
): void {
  const depth = kh * kw * c
  const depthPadded = ((depth + MR - 1) / MR) * MR
  const columnsPadded = ((columns + NR - 1) / NR) * NR
  // A stride of whole kilobytes would send all rows of a tile to a few cache sets.
  const lda = <usize>(depthPadded + (depthPadded % 64 < 8 ? 16 : 0)) << 2
  const ldb = <usize>columnsPadded << 2
  const sum = workspace
  const right = sum + <usize>depthPadded * ldb
  const tile = right + <usize>tileRows * ldb
  memory.fill(sum, 0, <usize>depthPadded * ldb)
  // The padding columns are never read into a result, but stale bits could be denormal, which is very slow.
  if (depthPadded != depth) memory.fill(tile, 0, <usize>tileRows * lda)
  const direct = columns == columnsPadded && gridH == dyH && gridW == dyW
  const pixels = batch * gridH * gridW
  for (let m: i32 = 0; m < pixels; m += tileRows) {
    const rows = min(tileRows, pixels - m)
    gatherPatches(tile, lda, x, h, w, c, kh, kw, sh, sw, dh, dw, pt, pl, gridH, gridW, m, rows)
    let b = dy + (<usize>(m * columns) << 2)
    if (!direct) {
      let j = m % gridW
      const line = m / gridW
      let i = line % gridH
      let n = line / gridH
      for (let q: i32 = 0; q < rows; q++) {
        const to = right + <usize>q * ldb
        copyFloats(to, dy + (<usize>(((n * dyH + i0 + i) * dyW + j0 + j) * columns) << 2), columns)
        zeroFloats(to + (<usize>columns << 2), columnsPadded - columns)
        if (++j == gridW) {
          j = 0
          if (++i == gridH) {
            i = 0
            n++
          }
        }
      }
      b = right
    }
    multiplyTransposedTile(tile, lda, b, ldb, rows, depth, columns, sum, ldb)
  }
}

/** Rows `from … from + count` of the padded sum to `out[count, columns]`, added if `add`. */
export function finishFilterGrad(
  sum: usize,
  from: i32,
  count: i32,
  columns: i32,
  out: usize,
  add: bool,
): void {
  const ldb = <usize>(((columns + NR - 1) / NR) * NR) << 2
  let row = sum + <usize>from * ldb
  for (let k: i32 = 0; k < count; k++) {
    if (add) accumulate(row, columns, out)
    else copyFloats(out, row, columns)
    out += <usize>columns << 2
    row += ldb
  }
}
