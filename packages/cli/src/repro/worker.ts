import { checkRedis, workQueue } from '@tricklab/repro'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { ownCommand } from '../ui/own-command.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { defaultRedis, redisHelp } from './places.ts'

interface WorkerArguments {
  readonly redis?: string
  readonly slots: number
  readonly lease: number
  readonly upload?: string
}

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
    .option(
      '--upload <folder>',
      'for a machine that does not see the folder of the runs: train in this folder, and send the records back through the queue to `repro collect`; weights stay here',
    )
    .action(async ({ redis = defaultRedis(), slots, lease, upload }: WorkerArguments) => {
      await checkRedis(redis)
      const view = createProgressView()
      const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
      view.sink({ kind: 'notice', message: `Waiting for jobs, ${slots} at a time. Ctrl-C saves and ends.` })
      await workQueue({ redis, slots, lease, upload, repro: ownCommand('repro'), progress: view.sink, signal })
      view.close()
    })
}
