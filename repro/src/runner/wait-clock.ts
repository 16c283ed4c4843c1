import type { BatchSource, SourceBatch } from '@tricklab/core/contracts'

/** Adds up how long training waited for its batches: what reading and augmenting cost that no step hid. */
export interface WaitClock {
  /** The same source, whose training batches are clocked. */
  clocked<S extends BatchSource>(source: S): S
  /** Seconds since the last call. */
  take(): number
}

export function createWaitClock(now: () => number = () => performance.now()): WaitClock {
  let waited = 0

  async function* clock(batches: AsyncIterable<SourceBatch>): AsyncGenerator<SourceBatch, undefined> {
    const iterator = batches[Symbol.asyncIterator]()
    try {
      for (;;) {
        const asked = now()
        const next = await iterator.next()
        waited += now() - asked
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }

  return {
    clocked: (source) => ({
      ...source,
      read: (split, epoch, from) => {
        const batches = source.read(split, epoch, from)
        return split === 'train' ? clock(batches) : batches
      },
    }),
    take() {
      const seconds = waited / 1000
      waited = 0
      return seconds
    },
  }
}
