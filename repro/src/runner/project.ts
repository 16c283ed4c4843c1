import { existsSync } from 'node:fs'
import path from 'node:path'

const lockfiles = ['pnpm-lock.yaml', 'package-lock.json', 'yarn.lock', 'bun.lock']

/** What a run's code and dependencies were: a folder under version control, and what pins the versions in it. */
export interface Project {
  readonly root: string
  readonly lockfile: string | undefined
}

/**
 * The project that `folder` belongs to: the nearest folder from there upwards that has a lockfile; `folder` itself where
 * there is none.
 */
export function findProject(folder: string): Project {
  for (let root = path.resolve(folder); ; root = path.dirname(root)) {
    const lockfile = lockfiles.map((name) => path.join(root, name)).find((file) => existsSync(file))
    if (lockfile !== undefined) return { root, lockfile }
    if (path.dirname(root) === root) return { root: path.resolve(folder), lockfile: undefined }
  }
}
