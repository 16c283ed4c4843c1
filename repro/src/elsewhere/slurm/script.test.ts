import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../batch.ts'
import { slurmScript } from './script.ts'
import { parseQueue } from './submit.ts'

const jobs = [{ threads: 2 }, { threads: 4 }, { threads: 1 }]
const batch = { folder: "/runs/it's here", table: 'tiny', token: 'abc', jobs } as unknown as Batch

/** Runs the script with a program in the place of `repro`, as Slurm would. */
async function runScript(repro: string, { restarts = 0, signal = false } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-script-'))
  const file = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text)
    chmodSync(path.join(folder, name), 0o755)
    return path.join(folder, name)
  }
  file('scontrol', `#!/bin/bash\necho "$*" > ${folder}/requeued\n`)
  const program = file('repro', `#!/bin/bash\n${repro}\n`)
  const script = file('slurm.sh', slurmScript(batch, { repro: [program], cwd: folder, arrayLimit: undefined }))
  const child = spawn('bash', [script], {
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      ...{ SLURM_ARRAY_TASK_ID: '2', SLURM_JOB_ID: '17', SLURM_RESTART_COUNT: `${restarts}` },
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let told = ''
  child.stdout.on('data', (chunk) => {
    told += chunk
    // Once when it is ready, and once more when it has saved and is about to end.
    if (signal) child.kill('SIGTERM')
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  const requeued = path.join(folder, 'requeued')
  return { code, told: told.trim(), requeued: existsSync(requeued) ? readFileSync(requeued, 'utf8').trim() : undefined }
}

describe.skipIf(process.platform === 'win32')('the script of an array', () => {
  test('starts the job of its index', async () => {
    const { told, code, requeued } = await runScript('printf "%s|" "$@"')
    expect([told, code, requeued]).toEqual(["job|/runs/it's here|2|--token|abc|", 0, undefined])
  })

  test.each([
    ['has saved goes back into the queue', 'exit 3', 0, 3, 'requeue 17'],
    ['has saved does so any number of times', 'exit 3', 9, 3, 'requeue 17'],
    ['was killed is begun again', 'kill -9 $$', 2, 137, 'requeue 17'],
    ['was killed time and again is not', 'kill -9 $$', 3, 137, undefined],
    ['was given wrong input is not', 'exit 2', 0, 2, undefined],
    ['met a fault is not', 'exit 4', 0, 4, undefined],
  ])('a job that %s', async (_, repro, restarts, code, requeued) => {
    expect(await runScript(repro, { restarts })).toMatchObject({ code, requeued })
  })

  test('passes the signal of Slurm on, and waits until the job has saved', async () => {
    const saving = `trap 'sleep 0.3; echo saved; exit 3' TERM\necho ready\nwhile :; do sleep 0.05; done`
    const { told, code, requeued } = await runScript(saving, { signal: true })
    expect([told, code, requeued]).toEqual(['ready\nsaved', 3, 'requeue 17'])
  })

  test('passes on a signal that comes as soon as the job begins', async () => {
    const saving = `trap 'echo saved; exit 3' TERM\nkill -TERM $PPID\nwhile :; do sleep 0.05; done`
    for (let time = 0; time < 5; time++) {
      const { told, code, requeued } = await runScript(saving)
      expect([told, code, requeued]).toEqual(['saved', 3, 'requeue 17'])
    }
    // The moment between the two is too short to be met on purpose.
    const text = slurmScript(batch, { repro: ['repro'], cwd: '/', arrayLimit: undefined })
    expect(text.indexOf('\ntrap ')).toBeLessThan(text.indexOf('\nrepro job '))
  })

  test('asks for what its jobs need', () => {
    const text = slurmScript(batch, { repro: ['repro'], cwd: '/', arrayLimit: 20 })
    for (const line of ['--array=0-2%20', '--cpus-per-task=4', '--signal=B:TERM@120', '--requeue']) {
      expect(text).toContain(`\n#SBATCH ${line}\n`)
    }
  })
})

test('what squeue prints is told by index', () => {
  const printed = '3|PENDING||Resources\n1|RUNNING|cobalt|None\n0|PENDING||None\n'
  expect([...parseQueue('17', printed)]).toEqual([
    [3, '17_3 PENDING (Resources)'],
    [1, '17_1 RUNNING on cobalt'],
    [0, '17_0 PENDING'],
  ])
})
