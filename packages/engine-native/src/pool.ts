/**
 * Memory of tensors: native blocks that are used again when their tensor is gone, since page faults on fresh memory cost
 * more than most kernels.
 */
import os from 'node:os'
import { fail } from '@tricklab/core'
import type { BaseAddon } from './addon.ts'

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

export class BufferPool {
  readonly #addon: BaseAddon
  readonly #limit: number
  readonly #exact: boolean
  readonly #free = new Map<number, Block[]>()
  readonly #buffers = new WeakSet<ArrayBufferLike>()
  readonly #handle = new Float64Array(1)
  #live = 0
  #cached = 0
  #peak = 0
  #clock = 0

  /**
   * `exact` gives every tensor a block of just its size, for builds that watch the borders of blocks.
   * @unit limit bytes that tensors and free blocks may take together
   */
  constructor(
    addon: BaseAddon,
    { limit = memoryOfMachine(), exact = false }: { limit?: number; exact?: boolean } = {},
  ) {
    this.#addon = addon
    this.#limit = limit
    this.#exact = exact
  }

  /**
   * A block of at least `bytes` bytes; its contents are whatever was there.
   * @errors E_OUT_OF_MEMORY
   */
  take(bytes: number): Block {
    // A buffer without length has no address, by which it is given back.
    const size = this.#exact ? Math.max(1, bytes) : sizeClass(bytes)
    const block = this.#reuse(size) ?? this.#allocate(size)
    this.#live += block.bytes
    if (this.#live > this.#peak) this.#peak = this.#live
    return block
  }

  /** Takes a block back. Views of it must not be used any more. */
  give(block: Block): void {
    this.#live -= block.bytes
    this.#cached += block.bytes
    block.freedAt = ++this.#clock
    const blocks = this.#free.get(block.bytes)
    if (blocks === undefined) this.#free.set(block.bytes, [block])
    else blocks.push(block)
  }

  /** Whether a buffer is a block's, so that its contents may change once its tensor is gone. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.#buffers.has(buffer)
  }

  /** Returns free blocks to the system, those unused for longest first, until at most `keep` bytes are left. */
  trim(keep = 0): void {
    if (this.#cached <= keep) return
    const blocks = [...this.#free.values()].flat().sort((a, b) => a.freedAt - b.freedAt)
    for (const block of blocks) {
      if (this.#cached <= keep) break
      const list = this.#free.get(block.bytes)!
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
    const block = this.#free.get(size)?.pop()
    if (block !== undefined) this.#cached -= block.bytes
    return block
  }

  #allocate(size: number): Block {
    // Small blocks are too many to look through, and too little to matter.
    if (size >= 2 ** 16) {
      this.trim(Math.max(0, this.#peak * (1 + slackShare) + slackBytes - this.#live - size))
    }
    if (this.#live + this.#cached + size > this.#limit) this.trim(Math.max(0, this.#limit - this.#live - size))
    let buffer = this.#live + size > this.#limit ? undefined : this.#try(size)
    if (buffer === undefined && this.#cached > 0) {
      this.trim()
      buffer = this.#live + size > this.#limit ? undefined : this.#try(size)
    }
    if (buffer === undefined) this.#refuse(size)
    this.#buffers.add(buffer)
    return { buffer, bytes: size, handle: this.#handle[0]!, freedAt: 0 }
  }

  #try(size: number): ArrayBuffer | undefined {
    try {
      return this.#addon.allocate(size, this.#handle)
    } catch {
      // V8 refuses lengths beyond its own limit by throwing.
      return undefined
    }
  }

  #refuse(size: number): never {
    fail('E_OUT_OF_MEMORY', {
      what: `There is no memory for a tensor of ${megabytes(size)}: tensors take ${megabytes(this.#live)} already.`,
      expected: `at most ${megabytes(this.#limit)} in all.`,
      fix: 'use a smaller batch or smaller images, or end other programs.',
    })
  }
}

/** Sizes are rounded up to eighths of a power of two, so that like tensors share blocks. */
export function sizeClass(bytes: number): number {
  if (bytes <= 64) return 64
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes - 1)) - 3))
  return Math.ceil(bytes / step) * step
}

/** What this process may use: the machine's memory, or less where the system sets a limit. */
function memoryOfMachine(): number {
  const constrained = process.constrainedMemory?.() ?? 0
  return constrained > 0 ? Math.min(os.totalmem(), constrained) : os.totalmem()
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 0)} MiB`
}
