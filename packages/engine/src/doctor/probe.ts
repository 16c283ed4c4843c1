import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { EngineName } from '../driver.ts'
import { engineNames } from '../known.ts'
import { brokenReport, type EngineReport, reportIt } from './report.ts'
import { timeInTurns } from './turns.ts'

export interface ProbeOptions {
  /** For one engine; a process still running then is ended. @unit milliseconds */
  readonly timeLimitMs?: number
  /** Hears of every engine before it is examined. */
  readonly onBegin?: (name: EngineName, index: number, count: number) => void
}

/**
 * Examines engines one after the other, then times those that work in turns; each in a process of its own, so that a crash
 * or a hang of one stays there. Never throws: what goes wrong is in the reports.
 */
export async function probeEngines(
  names: readonly EngineName[] = engineNames(),
  { timeLimitMs = 60_000, onBegin }: ProbeOptions = {},
): Promise<EngineReport[]> {
  const probes: Probe[] = []
  try {
    for (const [index, name] of names.entries()) {
      onBegin?.(name, index, names.length)
      probes.push(await probeEngine(name, timeLimitMs))
    }
    const working = probes.filter(({ report }) => report.works)
    const timed = await timeInTurns(
      working.map(
        ({ child }) =>
          () =>
            takeTurn(child, timeLimitMs),
      ),
    )
    return probes.map((probe) => ({ ...probe.report, ...timed[working.indexOf(probe)] }))
  } finally {
    for (const { child } of probes) if (child.connected) child.disconnect()
  }
}

interface Probe {
  readonly report: EngineReport
  /** Its process: waits for turns where the engine works, else it has ended or soon will. */
  readonly child: ChildProcess
}

function probeEngine(name: EngineName, timeLimitMs: number): Promise<Probe> {
  return new Promise((resolve) => {
    const child = startChild(name)
    let lastWords = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeLimitMs)
    child.stderr?.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-2000)
    })
    child.once('message', (message) => {
      clearTimeout(timer)
      resolve({ report: message as EngineReport, child })
    })
    child.on('error', (error) => {
      lastWords = error.message
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const why = late
        ? `It did not answer within ${timeLimitMs / 1000} s.`
        : `Its process ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}.`
      resolve({ report: brokenReport(name, [why, lastLine(lastWords)].filter(Boolean).join(' '), reportIt), child })
    })
  })
}

/** Asks for one turn; a process that does not answer is ended and asked no more. */
function takeTurn(child: ChildProcess, timeLimitMs: number): Promise<number | undefined> {
  if (!child.connected) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs)
    const answer = (time?: number) => {
      clearTimeout(timer)
      child.off('message', answer).off('close', gone)
      resolve(time)
    }
    const gone = () => answer()
    child.on('message', answer).on('close', gone)
    child.send('turn')
  })
}

function startChild(name: EngineName): ChildProcess {
  const fromSources = import.meta.url.endsWith('.ts')
  const script = new URL(fromSources ? './child.ts' : './child.js', import.meta.url)
  return fork(fileURLToPath(script), [name], {
    execArgv: fromSources ? ['--import', import.meta.resolve('tsx')] : [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)?.trim()
  return line ? `Its last words: ${line}` : ''
}
