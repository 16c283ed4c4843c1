/** A copy of the working tree as a repository of its own, so that a release can be tried without touching this one. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { workspaceRoot } from './packages.ts'

/** Copies what git knows or would take up, and commits it there. */
export function copyWorkspace(target: string, root = workspaceRoot): void {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  for (const file of list.split('\0')) {
    if (file === '' || !existsSync(path.join(root, file))) continue // deleted, and not yet committed
    mkdirSync(path.dirname(path.join(target, file)), { recursive: true })
    cpSync(path.join(root, file), path.join(target, file))
  }
  git(target, 'init', '--quiet', '--initial-branch', 'main')
  commitAll(target, 'The working tree')
}

export function commitAll(folder: string, message: string): void {
  git(folder, 'config', 'user.name', 'Trial')
  git(folder, 'config', 'user.email', 'trial@localhost')
  git(folder, 'add', '--all')
  git(folder, 'commit', '--quiet', '--no-verify', '--message', message)
}

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}
