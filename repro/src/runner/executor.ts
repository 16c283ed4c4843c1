import { type Job, type JobSite, runJob } from './job.ts'
import { runJobProcess } from './job-process.ts'

/** What came of a job: nothing but what it wrote, or an error. */
export interface JobOutcome {
  readonly job: Job
  readonly error?: unknown
}

/** A place where jobs are trained. */
export interface Executor {
  /**
   * Runs every job that has not ended. An error of one is its outcome and the others go on; after the signal no more are
   * begun, and those that run save and end.
   * @param site what the process that gives out the jobs has at hand; a place elsewhere makes its own from the job
   */
  run(jobs: readonly Job[], site: JobSite): Promise<readonly JobOutcome[]>
}

/** This process, one job after the other. */
export const here: Executor = createPool(1, runJob)

/** Processes on this machine, so many at a time, each with one job: its memory is then its own. */
export const processesHere = (atATime: number): Executor => createPool(atATime, runJobProcess)

function createPool(atATime: number, runOne: (job: Job, site: JobSite) => Promise<unknown>): Executor {
  return {
    async run(jobs, site) {
      const outcomes: JobOutcome[] = []
      const pending = [...jobs]
      const next = async (): Promise<void> => {
        const job = pending.shift()
        if (job === undefined || site.signal.aborted) return
        try {
          await runOne(job, site)
          outcomes.push({ job })
        } catch (error) {
          outcomes.push({ job, error })
        }
        await next()
      }
      await Promise.all(Array.from({ length: Math.min(atATime, jobs.length) }, next))
      return outcomes
    },
  }
}
