import { fail } from './index.ts'

/** A request for memory that could not be served. */
export interface MemoryRequest {
  /** What the memory was for, as in `a tensor [32, 64, 128, 128]`. */
  readonly what: string
  /** Bytes asked for; left out where only the system knows. */
  readonly bytes?: number
  /** Bytes in use already, and the bytes there may be in all. */
  readonly used?: number
  readonly limit?: number
  /** Another way out than to ask for less, as in `use --engine native`. */
  readonly otherwise?: string
  readonly cause?: unknown
}

/**
 * Refuses in the one form that every engine uses: what was wanted, how large it is, and what to lower.
 * @errors E_OUT_OF_MEMORY
 */
export function failOutOfMemory({ what, bytes, used, limit, otherwise, cause }: MemoryRequest): never {
  const size = bytes === undefined ? '' : ` of ${mebibytes(bytes)}`
  return fail('E_OUT_OF_MEMORY', {
    what: `There is no memory for ${what}${size}.`,
    ...(limit === undefined ? {} : { expected: `at most ${mebibytes(limit)} in all.` }),
    ...(used === undefined ? {} : { received: `${mebibytes(used)} in use already.` }),
    fix: `lower the batch size, the image size or the width of the network, or ${otherwise ?? 'end other programs'}.`,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Whether JavaScript or an addon threw because memory, or the length of an array, ran out. */
export function isFailedAllocation(error: unknown): error is RangeError {
  if (!(error instanceof RangeError)) return false
  // As the addon of the engine native says it.
  if ((error as { code?: unknown }).code === 'E_OUT_OF_MEMORY') return true
  // V8 has no code for it, only these texts; a length below 0 is a slip of its own.
  const length = /^Invalid typed array length: (\d+)$/.exec(error.message)?.[1]
  return length !== undefined || /^(Array buffer allocation failed|Out of memory)/i.test(error.message)
}

function mebibytes(bytes: number): string {
  const size = bytes / 2 ** 20
  return `${size >= 1 ? Math.ceil(size).toLocaleString('en') : size.toFixed(3)} MiB`
}
