/** A side as the parent holds it: a process that warms up once and then measures a turn of steps on request. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import type { Ready, SideMessage, Turn } from './side-messages.ts'

/** How to start a side. */
export interface SideCommand {
  readonly title: string
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Side<R extends Ready = Ready> {
  readonly ready: R
  /** From the start of the process to the end of its first step. @unit seconds */
  readonly startToFirstStep: number
  /** A turn; `what` says more to sides that do several things. @errors what the side reports, E_WORKER when its process ends */
  measure(steps: number, what?: object): Promise<Turn>
  /** Ends the process and waits for its end. */
  close(): Promise<void>
}

/** A side that is a TypeScript file, named from the module `base` as an import would name it. */
export function nodeSide(title: string, file: `./${string}.ts`, base: string): SideCommand {
  const fromSources = base.endsWith('.ts')
  const entry = fileURLToPath(new URL(fromSources ? file : file.replace(/ts$/, 'js'), base))
  const loader = fromSources ? ['--import', import.meta.resolve('tsx')] : []
  return { title, program: process.execPath, args: [...loader, entry] }
}

/** Starts a side and waits until it has warmed up. @errors what the side reports, E_WORKER */
export async function startSide<R extends Ready>(command: SideCommand, setup: object): Promise<Side<R>> {
  const started = performance.now()
  const child = spawn(command.program, command.args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...command.env },
  })
  const inbox = createInbox(child, command.title)
  const send = (message: object) => child.stdin!.write(`${JSON.stringify(message)}\n`)
  const close = () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
      child.once('exit', () => resolve())
      child.stdin!.end()
    })
  try {
    send(setup)
    await inbox.next('first-step')
    const startToFirstStep = (performance.now() - started) / 1000
    const ready = (await inbox.next('ready')) as R
    return {
      ready,
      startToFirstStep,
      async measure(steps, what = {}) {
        send({ steps, ...what })
        return (await inbox.next('turn')) as Turn
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Messages in their order; rejects as soon as the side reports a problem or its process ends. */
function createInbox(child: ChildProcess, title: string) {
  const messages: SideMessage[] = []
  let failure: unknown
  let wake: (() => void) | undefined
  const stop = (error: unknown) => {
    failure ??= error
    wake?.()
  }
  const lost = (how: string) =>
    new TricklabError([
      {
        code: 'E_WORKER',
        what: `The process of ${title} ended in the middle of the measurement.`,
        expected: 'an answer.',
        received: how,
        fix: 'read the output of that process above; if memory ran out, measure a row with a smaller batch or network.',
      },
    ])
  child.on('error', (error) => stop(lost(`${error.message}.`)))
  // Without a listener a write to a process that has just ended would end this one as well.
  child.stdin!.on('error', () => {})
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (line) => {
    const message = parseMessage(line)
    if (message === undefined) process.stderr.write(`${line}\n`)
    else if (message.bench === 'problem') stop(new TricklabError(message.problems as [Problem, ...Problem[]]))
    else if (message.bench === 'fault') stop(new Error(`${title}: ${message.stack}`))
    else {
      messages.push(message)
      wake?.()
    }
  })
  child.on('close', (code, signal) =>
    stop(lost(signal === null ? `exit code ${code}.` : `signal ${signal}${signal === 'SIGKILL' ? ' (memory?)' : ''}.`)),
  )
  return {
    async next(kind: SideMessage['bench']): Promise<SideMessage> {
      for (;;) {
        const message = messages.shift()
        if (message !== undefined) {
          if (message.bench !== kind) throw new Error(`${title} answered ${message.bench} instead of ${kind}`)
          return message
        }
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
    },
  }
}

function parseMessage(line: string): SideMessage | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value = JSON.parse(line) as SideMessage
    return typeof value.bench === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
