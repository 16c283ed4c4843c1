import { onLauncherGone } from './launcher.ts'

/** A launcher relays the signal that a terminal has sent already: what follows so soon is the same one. @unit ms */
const relayMs = 1000

/**
 * A signal that Ctrl-C, SIGTERM, a terminal that closes and a launcher that is gone raise. The first asks the run to stop after the step at hand;
 * Ctrl-C pressed again ends the process at once, which the last checkpoint survives.
 */
export function stopSignal(notice: (message: string) => void): AbortSignal {
  const controller = new AbortController()
  let asked = 0
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (name === 'SIGINT' && performance.now() - asked > relayMs) process.exit(3)
      return
    }
    asked = performance.now()
    controller.abort()
    notice('Stopping after this step and saving; press Ctrl-C again to quit at once.')
  }
  onLauncherGone(() => {
    if (controller.signal.aborted) return
    controller.abort()
    notice('The command that started this run is gone: stopping after this step and saving.')
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  return controller.signal
}
