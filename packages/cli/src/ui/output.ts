/** What became of standard output. */
export interface WatchedOutput {
  /** Waits until everything is written. Returns the first failure; undefined where there was none. */
  settled(): Promise<NodeJS.ErrnoException | undefined>
}

/**
 * Watches standard output, so that no result is lost without a word. A reader that closes the pipe has read enough, as
 * `head` has: that is no failure.
 */
export function watchOutput(stream: NodeJS.WritableStream = process.stdout): WatchedOutput {
  let failure: NodeJS.ErrnoException | undefined
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error
  })
  return {
    async settled() {
      // The event of a failed write comes after the call of its callback.
      await new Promise<void>((resolve) => stream.write('', () => setImmediate(resolve)))
      return failure?.code === 'EPIPE' ? undefined : failure
    },
  }
}
