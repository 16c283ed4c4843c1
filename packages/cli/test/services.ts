import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Ends a service that a test has started, and waits for its end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  if ((await Promise.race([ended, sleep(10_000, 'late')])) === 'late') child.kill('SIGKILL')
}

/** Waits until something holds; what throws does not hold yet. */
export async function until(holds: () => boolean, what: string, seconds = 60): Promise<void> {
  const end = performance.now() + 1000 * seconds
  for (;;) {
    try {
      if (holds()) return
    } catch {
      // Not yet.
    }
    if (performance.now() > end) throw new Error(`${what} did not come within ${seconds} s.`)
    await sleep(250)
  }
}

/** A port of the loopback that nobody uses. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
