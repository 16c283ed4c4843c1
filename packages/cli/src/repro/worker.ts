import { checkRedis, workQueue } from '@tricklab/repro'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { ownCommand } from '../ui/own-command.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { defaultRedis, redisHelp } from './places.ts'

/** `repro worker`: trains what `repro TABLE --on bullmq` put into the queue. */
export function addWorkerCommand(program: Command): void {
  program
    .command('worker')
    .description('train jobs of the queue on this machine until it is stopped; what it was training then goes back')
    .option('--redis <url>', redisHelp)
    .option('--slots <n>', 'how many jobs to train at the same time', wholeNumber('--slots', 1), 1)
    .option(
      '--lease <seconds>',
      'a worker that was not heard of for so long loses its jobs to others',
      wholeNumber('--lease', 1),
      60,
    )
    .action(async ({ redis = defaultRedis(), slots, lease }: { redis?: string; slots: number; lease: number }) => {
      await checkRedis(redis)
      const view = createProgressView()
      const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
      view.sink({ kind: 'notice', message: `Waiting for jobs, ${slots} at a time. Ctrl-C saves and ends.` })
      await workQueue({ redis, slots, lease, repro: ownCommand('repro'), progress: view.sink, signal })
      view.close()
    })
}
