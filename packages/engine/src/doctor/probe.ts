import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type EngineName, engineNames } from '../driver.ts'
import { brokenReport, type EngineReport, reportIt } from './report.ts'

export interface ProbeOptions {
  /** For one engine; a process still running then is ended. @unit milliseconds */
  readonly timeLimitMs?: number
  /** Hears of every engine before it is examined. */
  readonly onBegin?: (name: EngineName, index: number, count: number) => void
}

/**
 * Examines engines one after the other, so that none disturbs another's measurement; each in a process of its own, so
 * that a crash or a hang of one stays there. Never throws: what goes wrong is in the reports.
 */
export async function probeEngines(
  names: readonly EngineName[] = engineNames,
  { timeLimitMs = 60_000, onBegin }: ProbeOptions = {},
): Promise<EngineReport[]> {
  const reports: EngineReport[] = []
  for (const [index, name] of names.entries()) {
    onBegin?.(name, index, names.length)
    reports.push(await probeEngine(name, timeLimitMs))
  }
  return reports
}

function probeEngine(name: EngineName, timeLimitMs: number): Promise<EngineReport> {
  return new Promise((resolve) => {
    const child = startChild(name)
    let lastWords = ''
    let report: EngineReport | undefined
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeLimitMs)
    child.stderr?.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-2000)
    })
    child.on('message', (message) => {
      report = message as EngineReport
    })
    child.on('error', (error) => {
      lastWords = error.message
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (report !== undefined) return resolve(report)
      const why = late
        ? `It did not answer within ${timeLimitMs / 1000} s.`
        : `Its process ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}.`
      resolve(brokenReport(name, [why, lastLine(lastWords)].filter(Boolean).join(' '), reportIt))
    })
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
