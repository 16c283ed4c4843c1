/**
 * A signal that Ctrl-C and SIGTERM raise. The first asks the run to stop after the step at hand; a second one ends the
 * process at once, which the last checkpoint survives.
 */
export function stopSignal(notice: (message: string) => void): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(3)
    controller.abort()
    notice('Stopping after this step and saving; press Ctrl-C again to quit at once.')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
