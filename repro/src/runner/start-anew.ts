import { existsSync, readFileSync } from 'node:fs'
import { fail } from '@tricklab/core'
import type { ProgressSink } from '@tricklab/train'
import type { LogLine } from '../record/types.ts'
import type { Job } from './job.ts'
import { seedFiles } from './seed-files.ts'

/**
 * Before a seed without a checkpoint is trained from its first step: tells how many steps in its log are trained again,
 * and refuses where the log shows that there was a checkpoint, which is then lost by accident.
 * @errors E_CHECKPOINT_MISSING
 */
export function startAnew({ row, seed, folder }: Pick<Job, 'row' | 'seed' | 'folder'>, progress: ProgressSink): void {
  const { log, checkpoint } = seedFiles(folder, seed)
  if (!existsSync(log)) return
  const events = eventsOf(readFileSync(log, 'utf8'))
  const steps = events.filter((event) => event === 'step').length
  if (hadCheckpoint(events)) {
    fail('E_CHECKPOINT_MISSING', {
      what: `The checkpoint of ${row} seed ${seed} is gone, so ${steps} steps of its log cannot be continued.`,
      expected: `${checkpoint}.`,
      received: 'no such file.',
      fix: `put the file back, or move ${log} away to train the seed from its first step.`,
    })
  }
  if (steps === 0) return
  const message = `${row} seed ${seed}: stopped before its first checkpoint; its ${steps} steps are trained again.`
  progress({ kind: 'notice', message })
}

/** A run that goes on after a pause had a checkpoint, and so had one that went on after an epoch. */
function hadCheckpoint(events: readonly LogLine['event'][]): boolean {
  const epoch = events.indexOf('epoch')
  return events.includes('resume') || (epoch >= 0 && events.includes('step', epoch))
}

/** What happened, line by line; the last line may be cut short. */
function eventsOf(text: string): LogLine['event'][] {
  return text.split('\n').flatMap((line) => {
    try {
      return [(JSON.parse(line) as LogLine).event]
    } catch {
      return []
    }
  })
}
