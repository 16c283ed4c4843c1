import { expect, test } from 'vitest'
import { findLaunchers } from './launcher.ts'

/** The numbers of the launchers of a process whose ancestors have these commands, nearest first. */
function launchersOf(...commands: string[][]) {
  const describe = (pid: number) => {
    const words = commands[pid - 1001]
    return words && { words, parent: pid === 1000 + commands.length ? 1 : pid + 1 }
  }
  return findLaunchers(1001, describe).map(({ pid }) => pid - 1000)
}

const tsx = ['node', '/x/node_modules/tsx/dist/cli.mjs', 'repro.ts']
const shell = ['sh', '-c', 'tsx repro.ts']
const npx = ['npm exec pnpm@12 repro conv']

test('all between the process and the topmost package manager', () => {
  expect(launchersOf(tsx, shell, ['pnpm', 'repro', 'conv'], ['sh', '-c', 'pnpm'], npx, ['-bash'])).toEqual([
    1, 2, 3, 4, 5,
  ])
  expect(launchersOf(['/usr/bin/node', '/usr/lib/npm/bin/npx-cli.js', 'tricklab'], ['zsh'])).toEqual([1])
  expect(launchersOf(tsx, shell, ['node', '/opt/yarn.js', 'run'])).toEqual([1, 2, 3])
})

test('none where a person, a script or a service started it, or beyond those', () => {
  expect(launchersOf(['bash'])).toEqual([])
  expect(launchersOf(tsx, shell, ['/sbin/init'])).toEqual([])
  expect(launchersOf(['bash', 'npx'], npx)).toEqual([])
  expect(launchersOf(['bash', '-c', 'npx pnpm@12 repro conv &'], ['sshd'])).toEqual([])
  expect(launchersOf(['node', '/home/me/queue-worker.js'], npx)).toEqual([])
  expect(launchersOf(['-bash'], ['tmux'], npx)).toEqual([])
  expect(launchersOf()).toEqual([])
})
