// Matrix products. One tile is 6 rows × 8 columns: 12 accumulators, 2 vectors of B and one of A fill the 15 vector
// registers that V8 leaves on x64.
import { madd } from './simd'

/** Rows of a register tile. */
export const MR: i32 = 6
/** Columns of a register tile. */
export const NR: i32 = 8
/** Depth of a block of B: 8 · 512 · 4 bytes = 16 KiB stay in the first-level cache. */
const KC: i32 = 512

// @ts-expect-error: decorator
@inline
function loadPart(p: usize, count: i32): v128 {
  let v = f32x4.splat(0)
  if (count >= 4) return v128.load(p)
  if (count >= 1) v = f32x4.replace_lane(v, 0, load<f32>(p))
  if (count >= 2) v = f32x4.replace_lane(v, 1, load<f32>(p, 4))
  if (count >= 3) v = f32x4.replace_lane(v, 2, load<f32>(p, 8))
  return v
}

// @ts-expect-error: decorator
@inline
function storePart(p: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, v)
    return
  }
  if (count >= 1) store<f32>(p, f32x4.extract_lane(v, 0))
  if (count >= 2) store<f32>(p, f32x4.extract_lane(v, 1), 4)
  if (count >= 3) store<f32>(p, f32x4.extract_lane(v, 2), 8)
}

/**
 * One register tile: `C[i][0..nr) (+)= Σ_k A[i][k] · B[k][0..8)`.
 * `at` and `ct` are tables of 6 addresses of rows of A and of C; `column` is the byte offset into the rows of C.
 * `first` starts from `bias` (8 floats, or 0 for none) instead of C; `relu` clamps the result.
 */
function tile6x8(
  at: usize,
  aOffset: usize,
  kc: i32,
  b: usize,
  ct: usize,
  column: usize,
  nr: i32,
  first: bool,
  bias: usize,
  relu: bool,
): void {
  let a0: usize = <usize>load<u32>(at) + aOffset
  let a1: usize = <usize>load<u32>(at, 4) + aOffset
  let a2: usize = <usize>load<u32>(at, 8) + aOffset
  let a3: usize = <usize>load<u32>(at, 12) + aOffset
  let a4: usize = <usize>load<u32>(at, 16) + aOffset
  let a5: usize = <usize>load<u32>(at, 20) + aOffset
  let c00 = f32x4.splat(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  let c40 = c00
  let c41 = c00
  let c50 = c00
  let c51 = c00
  let k = kc
  for (; k >= 4; k -= 4) {
    let b0 = v128.load(b)
    let b1 = v128.load(b, 16)
    let s = v128.load_splat<f32>(a0)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a1)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a2)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a3)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a4)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a5)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)

    b0 = v128.load(b, 32)
    b1 = v128.load(b, 48)
    s = v128.load_splat<f32>(a0, 4)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a1, 4)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a2, 4)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a3, 4)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a4, 4)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a5, 4)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)

    b0 = v128.load(b, 64)
    b1 = v128.load(b, 80)
    s = v128.load_splat<f32>(a0, 8)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a1, 8)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a2, 8)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a3, 8)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a4, 8)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a5, 8)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)

    b0 = v128.load(b, 96)
    b1 = v128.load(b, 112)
    s = v128.load_splat<f32>(a0, 12)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a1, 12)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a2, 12)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a3, 12)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a4, 12)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a5, 12)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)

    b += 128
    a0 += 16
    a1 += 16
    a2 += 16
    a3 += 16
    a4 += 16
    a5 += 16
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let s = v128.load_splat<f32>(a0)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a1)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a2)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a3)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a4)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a5)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)
    b += 32
    a0 += 4
    a1 += 4
    a2 += 4
    a3 += 4
    a4 += 4
    a5 += 4
  }
  finishRow(<usize>load<u32>(ct) + column, c00, c01, nr, first, bias, relu)
  finishRow(<usize>load<u32>(ct, 4) + column, c10, c11, nr, first, bias, relu)
  finishRow(<usize>load<u32>(ct, 8) + column, c20, c21, nr, first, bias, relu)
  finishRow(<usize>load<u32>(ct, 12) + column, c30, c31, nr, first, bias, relu)
  finishRow(<usize>load<u32>(ct, 16) + column, c40, c41, nr, first, bias, relu)
  finishRow(<usize>load<u32>(ct, 20) + column, c50, c51, nr, first, bias, relu)
}

// @ts-expect-error: decorator
@inline
function finishRow(c: usize, lo: v128, hi: v128, nr: i32, first: bool, bias: usize, relu: bool): void {
  if (nr == NR) {
    if (!first) {
      lo = f32x4.add(lo, v128.load(c))
      hi = f32x4.add(hi, v128.load(c, 16))
    } else if (bias != 0) {
      lo = f32x4.add(lo, v128.load(bias))
      hi = f32x4.add(hi, v128.load(bias, 16))
    }
    if (relu) {
      lo = f32x4.max(lo, f32x4.splat(0))
      hi = f32x4.max(hi, f32x4.splat(0))
    }
    v128.store(c, lo)
    v128.store(c, hi, 16)
  } else {
    finishPartialRow(c, lo, hi, nr, first, bias, relu)
  }
}

function finishPartialRow(c: usize, lo: v128, hi: v128, nr: i32, first: bool, bias: usize, relu: bool): void {
  if (!first) {
    lo = f32x4.add(lo, loadPart(c, nr))
    hi = f32x4.add(hi, loadPart(c + 16, nr - 4))
  } else if (bias != 0) {
    lo = f32x4.add(lo, v128.load(bias))
    hi = f32x4.add(hi, v128.load(bias, 16))
  }
  if (relu) {
    lo = f32x4.max(lo, f32x4.splat(0))
    hi = f32x4.max(hi, f32x4.splat(0))
  }
  storePart(c, lo, nr)
  storePart(c + 16, hi, nr - 4)
}

/** Floats that `packB` writes for a `[depth, columns]` matrix. */
// @ts-expect-error: decorator
@inline
export function packedFloats(depth: i32, columns: i32): i32 {
  return depth * ((columns + NR - 1) / NR) * NR
}

/**
 * Packs `B[depth, columns]` for `multiplyTile`: blocks of KC rows, in each the panels of 8 columns, in each the rows;
 * missing columns are zero. Element (k, j) is read at `b + (k·kStride + j·jStride)·4`, so a transposed B costs no copy.
 * Rows `kFrom … kFrom + count` of the packed matrix are written, so that several sources can fill one.
 */
export function packB(
  to: usize,
  depth: i32,
  columns: i32,
  kFrom: i32,
  count: i32,
  b: usize,
  kStride: i32,
  jStride: i32,
): void {
  const panels = (columns + NR - 1) / NR
  for (let i: i32 = 0; i < count; i++) {
    const k = kFrom + i
    const block = k / KC
    const blockStart = block * KC
    const kc = min(KC, depth - blockStart)
    const base = to + (<usize>(blockStart * panels * NR + (k - blockStart) * NR) << 2)
    const source = b + (<usize>(i * kStride) << 2)
    for (let p: i32 = 0; p < panels; p++) {
      const target = base + (<usize>(p * kc * NR) << 2)
      const from = source + (<usize>(p * NR * jStride) << 2)
      const nr = min(NR, columns - p * NR)
      if (nr == NR && jStride == 1) {
        v128.store(target, v128.load(from))
        v128.store(target, v128.load(from, 16), 16)
      } else {
        for (let j: i32 = 0; j < NR; j++) {
          store<f32>(
            target + (<usize>j << 2),
            j < nr ? load<f32>(from + (<usize>(j * jStride) << 2)) : 0,
          )
        }
      }
    }
  }
}

/**
 * Rows of C from rows of A and a packed B. `at`, `ct`: tables of addresses, `groups · 6` long (spare rows point to
 * readable and writable dummies). `bias` is padded to whole panels, or 0.
 */
export function multiplyTile(
  at: usize,
  ct: usize,
  groups: i32,
  depth: i32,
  columns: i32,
  packed: usize,
  bias: usize,
  relu: bool,
): void {
  const panels = (columns + NR - 1) / NR
  for (let k0: i32 = 0; k0 < depth; k0 += KC) {
    const kc = min(KC, depth - k0)
    const first = k0 == 0
    const last = k0 + KC >= depth
    for (let p: i32 = 0; p < panels; p++) {
      const b = packed + (<usize>(k0 * panels * NR + p * kc * NR) << 2)
      const nr = min(NR, columns - p * NR)
      const column = <usize>(p * NR) << 2
      const biasHere = bias != 0 ? bias + column : 0
      for (let g: i32 = 0; g < groups; g++) {
        const row = <usize>(g * MR) << 2
        tile6x8(at + row, <usize>k0 << 2, kc, b, ct + row, column, nr, first, biasHere, relu && last)
      }
    }
  }
}

/** One register tile of a product with a transposed A: `C[i][0..8) += Σ_m A[m][i] · B[m][0..8)`, i < 6. */
function tileT6x8(a: usize, lda: usize, b: usize, ldb: usize, rows: i32, c: usize, ldc: usize): void {
  let c00 = f32x4.splat(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  let c40 = c00
  let c41 = c00
  let c50 = c00
  let c51 = c00
  for (let m: i32 = rows; m > 0; m--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let s = v128.load_splat<f32>(a)
    c00 = madd(s, b0, c00)
    c01 = madd(s, b1, c01)
    s = v128.load_splat<f32>(a, 4)
    c10 = madd(s, b0, c10)
    c11 = madd(s, b1, c11)
    s = v128.load_splat<f32>(a, 8)
    c20 = madd(s, b0, c20)
    c21 = madd(s, b1, c21)
    s = v128.load_splat<f32>(a, 12)
    c30 = madd(s, b0, c30)
    c31 = madd(s, b1, c31)
    s = v128.load_splat<f32>(a, 16)
    c40 = madd(s, b0, c40)
    c41 = madd(s, b1, c41)
    s = v128.load_splat<f32>(a, 20)
    c50 = madd(s, b0, c50)
    c51 = madd(s, b1, c51)
    a += lda
    b += ldb
  }
  addRow(c, c00, c01)
  c += ldc
  addRow(c, c10, c11)
  c += ldc
  addRow(c, c20, c21)
  c += ldc
  addRow(c, c30, c31)
  c += ldc
  addRow(c, c40, c41)
  c += ldc
  addRow(c, c50, c51)
}

// @ts-expect-error: decorator
@inline
function addRow(c: usize, lo: v128, hi: v128): void {
  v128.store(c, f32x4.add(lo, v128.load(c)))
  v128.store(c, f32x4.add(hi, v128.load(c, 16)), 16)
}

/**
 * `C += Aᵀ·B` for one tile of rows: A `[rows, ≥ 6·⌈depth/6⌉]`, B `[rows, 8·⌈columns/8⌉]`, C padded likewise; the
 * strides are in bytes.
 */
export function multiplyTransposedTile(
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  rows: i32,
  depth: i32,
  columns: i32,
  c: usize,
  ldc: usize,
): void {
  for (let k: i32 = 0; k < depth; k += MR) {
    const ak = a + (<usize>k << 2)
    const ck = c + <usize>k * ldc
    for (let j: i32 = 0; j < columns; j += NR) {
      tileT6x8(ak, lda, b + (<usize>j << 2), ldb, rows, ck + (<usize>j << 2), ldc)
    }
  }
}
