import { fstatSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describeProcess, identifyProcess, isRunning, type ProcessIdentity } from '@tricklab/core/files'

const packageManagers = /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|corepack)(-cli)?(\.[cm]?js)?$/

/** How often it is looked whether the launcher is still there. @unit ms */
const lookMs = 1000

/**
 * Calls back when the package manager that launched this process is gone, or a process between the two: `npx` ends on
 * SIGTERM without a word to what it started, which would go on unseen. A shell, a service manager or a queue above the
 * package manager may end without consequence, and so may a terminal where `nohup` was asked for.
 */
export function onLauncherGone(gone: () => void): void {
  if (isDetached()) return
  const launchers = findLaunchers(process.ppid)
  if (launchers.length === 0) return
  const look = setInterval(() => {
    if (launchers.every(isRunning)) return
    clearInterval(look)
    gone()
  }, lookMs)
  look.unref()
}

/**
 * The processes above this one up to the topmost package manager, and only those that a package manager starts in
 * between; none where no package manager launched it.
 */
export function findLaunchers(parent: number, describe = describeProcess): ProcessIdentity[] {
  const chain: number[] = []
  let launchers = 0
  for (let pid = parent; pid > 1; ) {
    const found = describe(pid)
    if (found === undefined || !isLink(found.words)) break
    chain.push(pid)
    if (isPackageManager(found.words)) launchers = chain.length
    pid = found.parent
  }
  return chain.slice(0, launchers).map(identifyProcess)
}

/** A shell that somebody types into, a script of theirs or a service manager may start what is to outlive it. */
const isLink = (words: readonly string[]) => isPackageManager(words) || isTsx(words) || isShellOfCommand(words)

const isTsx = (words: readonly string[]) => isNode(words) && /[\\/]tsx[\\/]/.test(words[1] ?? '')

const isShellOfCommand = ([command = '', option]: readonly string[]) =>
  /^(ba|da|z)?sh$/.test(path.basename(command)) && option === '-c'

const isNode = ([command = '']: readonly string[]) => /^node(\.exe)?$/.test(path.basename(command))

/** `npm exec …` (the title that npm gives itself), `/usr/bin/node …/npx-cli.js …`, `pnpm …`. */
function isPackageManager(words: readonly string[]): boolean {
  const [command = '', script = ''] = words
  const isNamed = (name: string) => packageManagers.test(path.basename(name))
  return isNamed(command.split(' ')[0]!) || (isNode(words) && isNamed(script))
}

/** `nohup` gives a standard input that cannot be read. Node ignores no signal that it was told to ignore, so nothing else tells. */
function isDetached(): boolean {
  try {
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0', 8)
    return (flags & 3) === 1 && fstatSync(0).rdev === statSync('/dev/null').rdev
  } catch {
    return false
  }
}
