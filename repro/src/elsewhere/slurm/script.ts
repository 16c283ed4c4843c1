import path from 'node:path'
import type { Batch } from '../batch.ts'

export interface SlurmOptions {
  /** The command that is `repro` on the nodes, word by word. */
  readonly repro: readonly string[]
  /** Where it is started. */
  readonly cwd: string
  /** Most jobs that run at a time; undefined: as many as there are nodes for. */
  readonly arrayLimit: number | undefined
}

/** How often a job that was killed, as for its memory, is begun again. One that has saved goes on any number of times. */
const mostRestarts = 3

/** Seconds before the end of its time at which Slurm tells a job to save. */
const noticeSeconds = 120

/**
 * The script of the array. The shell hears what Slurm has to say, since it is what Slurm signals, and passes it on; a job
 * that has saved goes back into the queue under its own number.
 */
export function slurmScript({ folder, table, token, jobs }: Batch, { repro, cwd, arrayLimit }: SlurmOptions): string {
  const limit = arrayLimit === undefined ? '' : `%${arrayLimit}`
  const threads = Math.max(...jobs.map((job) => job.threads))
  return `#!/bin/bash
#SBATCH --job-name=tricklab-${table}
#SBATCH --array=0-${jobs.length - 1}${limit}
#SBATCH --cpus-per-task=${threads}
#SBATCH --signal=B:TERM@${noticeSeconds}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=${path.join(folder, 'slurm-%a.out').replaceAll(' ', '\\ ')}
cd ${quoted(cwd)} || exit 2
child=
told=
# Before the job begins: a signal that came between the two would end this shell, and the job with it.
# One is enough: a second one could only disturb what waits for the job to save.
trap 'trap "" TERM; if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; else told=1; fi' TERM
${repro.map(quoted).join(' ')} job ${quoted(folder)} "$SLURM_ARRAY_TASK_ID" --token ${quoted(token)} &
child=$!
[ -z "$told" ] || kill -TERM "$child"
# A signal ends \`wait\` before the child has saved; what the child ended with is asked for when it is gone.
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
code=$?
if [ "$code" = 3 ] || { [ "$code" -gt 128 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${mostRestarts} ]; }; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
`
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
