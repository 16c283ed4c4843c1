/** How float32 tensors are stored, and the record of one that is stored in fewer bits. */
import type { Block } from './pool.ts'

/** Format in which a float32 tensor is stored. */
export type Storage = 'float32' | 'bf16'

/** Numbers of a float32 tensor as they are stored; bf16 as the upper halves of floats. */
export type Numbers = Float32Array | Uint16Array

/** Numbers and the block that they lie in. */
export interface Stored<N extends Numbers> {
  readonly numbers: N
  readonly block: Block
}

/** A tensor stored as bf16. Whoever asks for its `values`, as every kernel of the cpu backend does, gets floats. */
export class HalfRecord {
  readonly dtype = 'float32'
  refCount = 1
  readonly #stored: Stored<Uint16Array>
  readonly #widen: (halves: Uint16Array) => Stored<Float32Array>
  #floats: Stored<Float32Array> | undefined
  #gone = false

  constructor(stored: Stored<Uint16Array>, widen: (halves: Uint16Array) => Stored<Float32Array>) {
    this.#stored = stored
    this.#widen = widen
  }

  /** The numbers as they are stored. */
  get halves(): Uint16Array {
    return this.#stored.numbers
  }

  /** The numbers as floats, made at the first call and kept. */
  get values(): Float32Array | undefined {
    if (this.#gone) return undefined
    this.#floats ??= this.#widen(this.#stored.numbers)
    return this.#floats.numbers
  }

  /** Gives every block to `take`; whoever kept the record finds nothing afterwards. */
  release(take: (block: Block) => void): void {
    this.#gone = true
    take(this.#stored.block)
    if (this.#floats !== undefined) take(this.#floats.block)
  }
}
