import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Registry } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import type { Engine } from '@tricklab/engine'
import type { Manifest, SeedOrigin } from '../record/types.ts'
import { findProject } from './project.ts'
import { describeSources } from './sources.ts'

/**
 * What commit and lockfile are read from: this repository where its sources run; where they are installed, the project
 * that they are used in.
 */
const { root, lockfile } = findProject(
  import.meta.url.endsWith('.ts') ? path.dirname(fileURLToPath(import.meta.url)) : process.cwd(),
)

let found: ReturnType<typeof describeSources> | undefined

/** Of the sources as they are when first asked for: what this process runs was read when it started. */
function sources(): ReturnType<typeof describeSources> {
  found ??= describeSources(root)
  return found
}

/** Everything about the machine and the sources that a result may depend on. */
export function describeEnvironment({ plugins }: Pick<Registry, 'plugins'>): Manifest['environment'] {
  return {
    node: process.version,
    tfjs: tf.version_core,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: processor(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    ...sources(),
    lockfile: lockfileHash(),
    plugins: Object.fromEntries(plugins.map(({ name, version }) => [name, version])),
  }
}

/** SHA-256 of what pins the versions here; null where nothing does. */
export const lockfileHash = (): string | null => (lockfile === undefined ? null : sha256(readFileSync(lockfile)))

export function describeEngine({ name, version, device, threads, precision, details }: Engine): Manifest['engine'] {
  return { name, version, device, threads, precision, details }
}

/** Where this process trains a seed. */
export function describeOrigin({ name, version, precision, threads }: Engine): SeedOrigin {
  const { commit } = sources()
  return { host: os.hostname(), cpu: processor(), engine: name, version, precision, threads, commit }
}

const processor = (): string => os.cpus()[0]?.model.trim() || 'unknown'

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
