import { readBatch, trainJob, writeRunReport } from '@tricklab/repro'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

/** `repro job`: what a scheduler starts on its machines. */
export function addJobCommand(program: Command): void {
  program
    .command('job')
    .description('train one job that `repro TABLE --on …` wrote, or go on with it; exit code 3: saved, start it again')
    .argument('<folder>', 'folder with jobs.jsonl')
    .argument('<index>', 'which job, from 0', wholeNumber('The index of a job', 0))
    .option('--token <text>', 'the token that batch.json must hold: proves that this machine sees the same folder')
    .action(async (folder: string, index: number, { token }: { token?: string }) => {
      const view = createProgressView()
      const gone = new AbortController()
      // A worker that has started this process and is killed cannot stop it in another way.
      process.on('disconnect', () => gone.abort())
      const asked = stopSignal((message) => view.sink({ kind: 'notice', message }))
      const signal = AbortSignal.any([asked, gone.signal])
      try {
        await trainJob(readBatch(folder), index, { token, progress: view.sink, signal, report: writeRunReport })
      } finally {
        view.close()
      }
    })
}
