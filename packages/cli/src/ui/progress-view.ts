import type { Scores } from '@tricklab/core/contracts'
import type { ProgressEvent, ProgressSink } from '@tricklab/train'
import pc from 'picocolors'

/** Where progress is drawn: standard error, so that standard output stays for results. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressView {
  readonly sink: ProgressSink
  /** Takes the live lines away; lines already printed stay. */
  close(): void
}

const redrawMs = 100
const plainMs = 15_000

/** A live line a job on a terminal; plain lines, some seconds apart, elsewhere. */
export function createProgressView(terminal: Terminal = process.stderr): ProgressView {
  return terminal.isTTY === true ? liveView(terminal) : plainView(terminal)
}

function plainView(terminal: Terminal): ProgressView {
  const last = new Map<string, number>()
  const due = (key: string) => {
    const now = performance.now()
    const isDue = now - (last.get(key) ?? -Infinity) >= plainMs
    if (isDue) last.set(key, now)
    return isDue
  }
  return {
    sink(event) {
      if (event.kind === 'notice') terminal.write(`${event.message}\n`)
      else if (event.kind === 'epoch') terminal.write(`${epochLine(event)}\n`)
      else if (event.kind === 'data' && due(event.what)) terminal.write(`${dataLine(event)}\n`)
      else if (event.kind === 'step' && due(event.job)) terminal.write(`${stepLine(event, 0)}\n`)
    },
    close() {},
  }
}

function liveView(terminal: Terminal): ProgressView {
  const live = new Map<string, string>()
  let drawn = 0
  let lastDraw = 0
  const erase = () => {
    if (drawn > 0) terminal.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  const draw = (force: boolean) => {
    if (!force && performance.now() - lastDraw < redrawMs) return
    lastDraw = performance.now()
    erase()
    const width = terminal.columns ?? 100
    for (const line of live.values()) terminal.write(`${clip(line, width - 1)}\n`)
    drawn = live.size
  }
  const print = (line: string) => {
    erase()
    terminal.write(`${line}\n`)
    draw(true)
  }
  return {
    sink(event) {
      if (event.kind === 'notice') print(event.message)
      else if (event.kind === 'epoch') print(epochLine(event))
      else if (event.kind === 'done') live.delete(event.job)
      else if (event.kind === 'data') {
        if (event.total !== undefined && event.done >= event.total) live.delete(event.what)
        else live.set(event.what, dataLine(event))
      } else live.set(event.job, stepLine(event, 20))
      draw(event.kind === 'done')
    },
    close() {
      erase()
      live.clear()
    },
  }
}

type Event<K extends ProgressEvent['kind']> = Extract<ProgressEvent, { kind: K }>

function stepLine(event: Event<'step'>, barWidth: number): string {
  const { job, epoch, epochs, training, done, total, loss, imagesPerSecond, secondsLeft } = event
  return [
    pc.bold(job),
    `epoch ${epoch + 1}/${epochs}`,
    `${barWidth > 0 ? `${bar(done / total, barWidth)} ` : ''}${training ? 'step' : 'valid'} ${done}/${total}`,
    `loss ${loss.toFixed(3)}`,
    `${Math.round(imagesPerSecond).toLocaleString('en')} images/s`,
    `${duration(secondsLeft)} left`,
  ].join('  ')
}

function epochLine({ job, epoch, epochs, train, valid, seconds }: Event<'epoch'>): string {
  const scores = (of: Scores) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join('  ')
  const head = `${pc.bold(job)}  epoch ${epoch + 1}/${epochs}`
  return `${head}  train ${scores(train)}  valid ${scores(valid)}  ${duration(seconds)}`
}

function dataLine({ what, done, total, unit }: Event<'data'>): string {
  const format = (count: number) => (unit === undefined ? (count / 2 ** 20).toFixed(1) : count.toLocaleString('en'))
  const name = unit ?? 'MiB'
  if (total === undefined) return `${what}  ${format(done)} ${name}`
  return `${what}  ${bar(done / total, 20)}  ${format(done)}/${format(total)} ${name}`
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, share) * width)
  return pc.green('━'.repeat(full)) + pc.dim('━'.repeat(width - full))
}

function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  const pad = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(total / 3600)
  const rest = `${pad(Math.floor((total % 3600) / 60))}:${pad(total % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '')
}

/** Cuts a line to the terminal's width; colour codes take no width. */
function clip(line: string, width: number): string {
  let seen = 0
  let result = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    if (part.startsWith('\x1b')) result += part
    else {
      result += part.slice(0, Math.max(0, width - seen))
      seen += part.length
    }
  }
  return result
}
