import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRegistry, type Table } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import type { Manifest } from '../record/types.ts'
import { findProject } from './project.ts'

/**
 * What commit and lockfile are read from: this repository where its sources run; where they are installed, the project
 * that they are used in.
 */
const { root, lockfile } = findProject(
  import.meta.url.endsWith('.ts') ? path.dirname(fileURLToPath(import.meta.url)) : process.cwd(),
)

/** Everything about the machine and the sources that a result may depend on. */
export function describeEnvironment({ plugins }: Pick<Table, 'plugins'>): Manifest['environment'] {
  return {
    node: process.version,
    tfjs: tf.version_core,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    commit: git('rev-parse', 'HEAD')?.trim() ?? null,
    dirty: dirtyHash(),
    lockfile: lockfile === undefined ? null : sha256(readFileSync(lockfile)),
    plugins: Object.fromEntries(createRegistry(plugins).plugins.map(({ name, version }) => [name, version])),
  }
}

/** Hash of what differs from the commit: tracked changes and the names of untracked files; null when nothing does. */
function dirtyHash(): string | null {
  const changes = `${git('diff', 'HEAD') ?? ''}${git('status', '--porcelain') ?? ''}`
  return changes === '' ? null : sha256(Buffer.from(changes))
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    })
  } catch {
    return undefined
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
