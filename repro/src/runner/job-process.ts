import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import type { ProgressEvent } from '@tricklab/train'
import type { Job, JobSite } from './job.ts'
import { setStatus } from './run-folder.ts'

/** What a job process answers. */
export type JobReply =
  | { readonly kind: 'progress'; readonly event: ProgressEvent }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly problems: readonly Problem[] }
  | { readonly kind: 'fault'; readonly stack: string }

/** Runs a job in a process of its own. A signal asks it to stop after the step at hand. @errors those of runJob, E_WORKER */
export async function runJobProcess(job: Job, { progress, signal: stopping }: JobSite): Promise<void> {
  const entry = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../job-main.ts' : '../job-main.js', import.meta.url),
  )
  const child = fork(entry, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const stop = () => child.connected && child.send('stop')
  stopping.addEventListener('abort', stop)

  try {
    await new Promise<void>((resolve, reject) => {
      let settled = false
      child.on('message', (reply: JobReply) => {
        if (reply.kind === 'progress') return progress(reply.event)
        settled = true
        if (reply.kind === 'done') resolve()
        else if (reply.kind === 'error') reject(new TricklabError(reply.problems as [Problem, ...Problem[]]))
        else reject(new Error(reply.stack))
      })
      child.on('error', reject)
      child.on('exit', async (code, signal) => {
        if (settled) return
        // Whoever is ended from outside cannot note it; nor may a full disk hide why.
        await setStatus(job.folder, job.seed, 'failed').catch(() => {})
        reject(
          new TricklabError([
            {
              code: 'E_WORKER',
              what: `The process of ${job.row} seed ${job.seed} ended before its job was done.`,
              expected: 'an answer.',
              received:
                signal === null
                  ? `exit code ${code}.`
                  : `signal ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}.`,
              fix: 'run again with --resume; with fewer --jobs when memory ran out.',
            },
          ]),
        )
      })
      child.send(JSON.stringify(job))
      if (stopping.aborted) stop()
    })
  } finally {
    stopping.removeEventListener('abort', stop)
    if (child.connected) child.disconnect()
  }
}
