/**
 * Memory of tensors: native blocks that are used again when their tensor is gone, since page faults on fresh memory cost
 * more than most kernels.
 */
import { failOutOfMemory } from '@tricklab/core/errors'
import type { BaseAddon } from './addon.ts'
import { availableMemory } from './system-memory.ts'

/** One block of native memory; `buffer` spans it. */
export interface Block {
  readonly buffer: ArrayBuffer
  readonly bytes: number
  readonly handle: number
  /** When it was given back, on the pool's own clock. */
  freedAt: number
}

export interface PoolStatistics {
  /** Bytes of blocks that tensors use. */
  readonly live: number
  /** Bytes of blocks that wait to be used again. */
  readonly cached: number
  /** Most bytes that were live at once. */
  readonly peak: number
}

/**
 * Free blocks may make up this share of the live peak, and this much on top: what a training step takes and gives back in
 * another order of sizes must not go back to the system in between. An xresnet50 wants .16, a small residual network .2, a
 * resnet18 on small images .6; with .1, faults on fresh pages took a tenth of their steps.
 */
const slackShare = 0.6
const slackBytes = 32 * 2 ** 20

/** What the system is asked for at most before it is asked again how much it has. */
const grantBytes = 2 ** 28

/**
 * Left to the rest of this process and to others (arrays of JavaScript, decoded photos, workspaces of kernels): this much,
 * or this share of what is free at the start where that is less.
 */
const reserveBytes = 2 ** 28
const reserveShare = 1 / 8

export class BufferPool {
  readonly #addon: BaseAddon
  readonly #limit: number
  readonly #available: () => number
  readonly #exact: boolean
  readonly #idle = new Map<number, Block[]>()
  readonly #buffers = new WeakSet<ArrayBufferLike>()
  readonly #handle = new Float64Array(1)
  #live = 0
  #cached = 0
  #peak = 0
  #clock = 0
  /** What may still be allocated before the system is asked again. */
  #granted = 0
  #reserve: number | undefined

  /**
   * `exact` gives every tensor a block of just its size, for builds that watch the borders of blocks.
   * @unit limit bytes that tensors and free blocks may take together
   * @unit available bytes that the system can still give
   */
  constructor(
    addon: BaseAddon,
    {
      limit = Number.POSITIVE_INFINITY,
      available = availableMemory,
      exact = false,
    }: { limit?: number; available?: () => number; exact?: boolean } = {},
  ) {
    this.#addon = addon
    this.#limit = limit
    this.#available = available
    this.#exact = exact
  }

  /**
   * A block of at least `bytes` bytes; its contents are whatever was there.
   * @param what it is for, told when there is no memory
   * @errors E_OUT_OF_MEMORY
   */
  take(bytes: number, what: () => string): Block {
    // A buffer without length has no address, by which it is given back.
    const size = this.#exact ? Math.max(1, bytes) : sizeClass(bytes)
    const block = this.#reuse(size) ?? this.#allocate(size, what)
    this.#live += block.bytes
    if (this.#live > this.#peak) this.#peak = this.#live
    return block
  }

  /** Takes a block back. Views of it must not be used any more. */
  give(block: Block): void {
    this.#live -= block.bytes
    this.#cached += block.bytes
    block.freedAt = ++this.#clock
    const blocks = this.#idle.get(block.bytes)
    if (blocks === undefined) this.#idle.set(block.bytes, [block])
    else blocks.push(block)
  }

  /** Whether a buffer is a block's, so that its contents may change once its tensor is gone. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.#buffers.has(buffer)
  }

  /** Returns free blocks to the system, those unused for longest first, until at most `keep` bytes are left. */
  trim(keep = 0): void {
    if (this.#cached <= keep) return
    const blocks = [...this.#idle.values()].flat().sort((a, b) => a.freedAt - b.freedAt)
    for (const block of blocks) {
      if (this.#cached <= keep) break
      const list = this.#idle.get(block.bytes)!
      list.splice(list.indexOf(block), 1)
      this.#cached -= block.bytes
      this.#addon.release(block.buffer, block.handle)
    }
  }

  statistics(): PoolStatistics {
    return { live: this.#live, cached: this.#cached, peak: this.#peak }
  }

  /** The last one given back is the one most likely still in the cache. */
  #reuse(size: number): Block | undefined {
    const block = this.#idle.get(size)?.pop()
    if (block !== undefined) this.#cached -= block.bytes
    return block
  }

  #allocate(size: number, what: () => string): Block {
    // Small blocks are too many to look through, and too little to matter.
    if (size >= 2 ** 16) {
      this.trim(Math.max(0, this.#peak * (1 + slackShare) + slackBytes - this.#live - size))
    }
    const missing = this.#missing(size)
    if (missing > 0) this.trim(Math.max(0, this.#cached - missing))
    let buffer = this.#missing(size) > 0 ? undefined : this.#try(size)
    if (buffer === undefined && this.#cached > 0) {
      this.trim()
      buffer = this.#missing(size) > 0 ? undefined : this.#try(size)
    }
    if (buffer === undefined) this.#refuse(size, what())
    this.#granted -= size
    this.#buffers.add(buffer)
    return { buffer, bytes: size, handle: this.#handle[0]!, freedAt: 0 }
  }

  /** Bytes by which a new block of this size would go beyond what there is; 0 or less where it fits. */
  #missing(size: number): number {
    const overLimit = this.#live + this.#cached + size - this.#limit
    if (overLimit > 0 || size <= this.#granted) return overLimit
    const free = this.#free()
    this.#granted = Math.min(free, Math.max(size, grantBytes))
    return size - free
  }

  /** What may still be taken of the system's memory. */
  #free(): number {
    const available = this.#available()
    this.#reserve ??= Math.min(reserveBytes, available * reserveShare)
    return available - this.#reserve
  }

  #try(size: number): ArrayBuffer | undefined {
    try {
      return this.#addon.allocate(size, this.#handle)
    } catch {
      // V8 refuses lengths beyond its own limit by throwing.
      return undefined
    }
  }

  #refuse(size: number, what: string): never {
    const used = this.#live + this.#cached
    const limit = Math.max(used, Math.min(this.#limit, used + this.#free()))
    failOutOfMemory({ what, bytes: size, used: this.#live, limit })
  }
}

/** Sizes are rounded up to eighths of a power of two, so that like tensors share blocks. */
export function sizeClass(bytes: number): number {
  if (bytes <= 64) return 64
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes - 1)) - 3))
  return Math.ceil(bytes / step) * step
}
