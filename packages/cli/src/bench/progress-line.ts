import type { Terminal } from '../ui/progress-view.ts'

export interface ProgressLine {
  show(text: string): void
  clear(): void
}

const plainMs = 15_000

/** What is being measured: one line that changes on a terminal, a plain line now and then elsewhere. */
export function createProgressLine(terminal: Terminal = process.stderr): ProgressLine {
  const live = terminal.isTTY === true
  let last = -Infinity
  return {
    show(text) {
      if (live) terminal.write(`\r\x1b[K${text.slice(0, (terminal.columns ?? 100) - 1)}`)
      else if (performance.now() - last >= plainMs) {
        last = performance.now()
        terminal.write(`${text}\n`)
      }
    },
    clear() {
      if (live) terminal.write('\r\x1b[K')
    },
  }
}
