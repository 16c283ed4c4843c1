import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { end, freePort, until } from './services.ts'

const daemons = ['munged', 'slurmctld', 'slurmd', 'sbatch']

/** Whether Slurm and munge are installed and may be started: by root, on Linux. */
export const hasSlurm =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  daemons.every((name) => spawnSync('which', [name], { env: withSbin(process.env) }).status === 0)

function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? ''}:/usr/sbin:/sbin` }
}

/** A Slurm of one node on this machine, on loopback, with its own key, ports and folders. */
export interface Slurm {
  /** What commands need to find it. */
  readonly env: { readonly SLURM_CONF: string }
  /** The output of one of its commands. */
  call(command: string, ...args: string[]): string
  stop(): Promise<void>
}

export async function startSlurm(cpus = 2): Promise<Slurm> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'tricklab-slurm-'))
  for (const name of ['state', 'spool', 'munge']) mkdirSync(path.join(root, name))
  // munge talks only through folders that others may enter and not write to.
  chmodSync(root, 0o755)
  const socket = path.join(root, 'munge', 'socket')
  const key = path.join(root, 'munge', 'key')
  writeFileSync(key, randomBytes(128), { mode: 0o600 })
  const node = os.hostname().split('.')[0]!
  const [ctldPort, slurmdPort] = [await freePort(), await freePort()]
  const conf = path.join(root, 'slurm.conf')
  writeFileSync(
    conf,
    `ClusterName=tricklab
SlurmctldHost=${node}(127.0.0.1)
SlurmctldPort=${ctldPort}
SlurmdPort=${slurmdPort}
AuthType=auth/munge
AuthInfo=socket=${socket},cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${root}/state
SlurmdSpoolDir=${root}/spool
SlurmctldPidFile=${root}/slurmctld.pid
SlurmdPidFile=${root}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
ReturnToService=2
MpiDefault=none
KillWait=20
NodeName=${node} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN
PartitionName=main Nodes=${node} Default=YES MaxTime=INFINITE OverSubscribe=FORCE:4 State=UP
`,
  )
  const env = { ...withSbin(process.env), SLURM_CONF: conf }
  const children: ChildProcess[] = []
  const start = (command: string, ...args: string[]) =>
    children.push(spawn(command, args, { env, stdio: 'ignore', detached: true }))
  const call = (command: string, ...args: string[]) => execFileSync(command, args, { env, encoding: 'utf8' })
  const stop = async () => {
    for (const child of children.reverse()) await end(child)
  }
  try {
    const places = ['pid', 'log', 'seed'].map((kind) => `--${kind}-file=${path.join(root, 'munge', kind)}`)
    start('munged', '--foreground', '--force', `--socket=${socket}`, `--key-file=${key}`, ...places)
    await until(() => call('munge', '--no-input', `--socket=${socket}`) !== '', 'munged')
    start('slurmctld', '-D', '-L', path.join(root, 'slurmctld.log'))
    start('slurmd', '-D', '-L', path.join(root, 'slurmd.log'), '-N', node)
    await until(() => /idle/.test(call('sinfo', '--noheader', '--format=%T')), 'an idle node')
  } catch (error) {
    await stop()
    throw error
  }
  return { env: { SLURM_CONF: conf }, call, stop }
}
