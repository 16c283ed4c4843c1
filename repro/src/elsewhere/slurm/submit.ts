import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { fail } from '@tricklab/core'
import { writing } from '../../runner/run-folder.ts'
import type { Batch } from '../batch.ts'
import { type SlurmOptions, slurmScript } from './script.ts'

const execute = promisify(execFile)

/** @errors E_PLACE where there is no sbatch, or no Slurm that answers */
export async function checkSlurm(): Promise<void> {
  await run('sbatch', ['--version'])
  await run('sinfo', ['--noheader', '--format=%P'])
}

/**
 * Hands a batch to Slurm as one array. Its script and the output of its jobs lie in the folder of the batch.
 * @param site options of the site for sbatch
 * @returns the number of the array
 * @errors E_PLACE where sbatch refuses, E_OUT_WRITE
 */
export async function submitToSlurm(batch: Batch, options: SlurmOptions, site: readonly string[]): Promise<string> {
  const script = path.join(batch.folder, 'slurm.sh')
  writing(script, () => writeFileSync(script, slurmScript(batch, options)))
  const answer = await run('sbatch', ['--parsable', ...site, script])
  return answer.trim().split(';')[0]!
}

/**
 * What Slurm says of the jobs of an array, by their index: `17_3 RUNNING on cobalt`.
 * @returns undefined where Slurm does not answer; empty where it no longer knows the array
 */
export async function askSlurm({ place }: Batch): Promise<ReadonlyMap<number, string> | undefined> {
  const id = place?.id ?? ''
  try {
    const { stdout } = await execute('squeue', ['--noheader', '--array', `--jobs=${id}`, '--format=%K|%T|%N|%r'])
    return parseQueue(id, stdout)
  } catch (error) {
    return /Invalid job id/i.test((error as { stderr?: string }).stderr ?? '') ? new Map() : undefined
  }
}

/** Lines `index|state|nodes|reason`. */
export function parseQueue(id: string, text: string): Map<number, string> {
  const states = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [index = '', state, nodes, reason] = line.trim().split('|')
    if (!/^\d+$/.test(index)) continue
    const why = reason === undefined || reason === 'None' ? '' : ` (${reason})`
    states.set(Number(index), `${id}_${index} ${state}${nodes ? ` on ${nodes}` : why}`)
  }
  return states
}

async function run(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await execute(command, args)).stdout
  } catch (cause) {
    const { code, stderr } = cause as { code?: string | number; stderr?: string }
    const missing = code === 'ENOENT'
    return fail('E_PLACE', {
      what: missing ? `There is no ${command} on ${os.hostname()}.` : `${command} on ${os.hostname()} refused.`,
      expected: missing ? 'a machine from which jobs are submitted to Slurm.' : 'jobs that Slurm accepts.',
      received: missing
        ? 'no such command.'
        : `${stderr
            ?.trim()
            .replace(/\s*\n\s*/g, '; ')
            .replace(/\.$/, '')}.`,
      fix: missing
        ? 'run the command on the login node, or install slurm-client there.'
        : 'check that Slurm runs (`sinfo`), and the options behind `--`; then run the command again with --resume.',
      cause,
    })
  }
}
