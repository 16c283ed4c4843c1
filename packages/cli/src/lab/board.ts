import { serveBoard } from '@tricklab/repro'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { onLauncherGone } from '../ui/launcher.ts'

interface BoardArguments {
  readonly port: number
}

/** Declares `lab board`. */
export function addBoard(program: Command): void {
  program
    .command('board')
    .description('show all runs below a folder on a page of this machine, live: curves, speed, time left, memory')
    .argument('[runs]', 'folder with runs', 'runs')
    .option('--port <n>', 'port of the page; 0 takes any that is free', wholeNumber('--port', 0), 6420)
    .action((runs: string, { port }: BoardArguments) => board(runs, port))
}

/** `pnpm lab board`: serves until it is stopped. */
async function board(runs: string, port: number): Promise<void> {
  const { url, close } = await serveBoard(runs, port)
  process.stdout.write(`Board: ${url}\n`)
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop())
    onLauncherGone(stop)
  })
  await close()
}
