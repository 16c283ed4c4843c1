import { fail } from '@tricklab/core'
import { describeOwner, type FileLock, type LockOwner, lockOwner, tryLock } from '../process/file-lock.ts'
import type { Job } from './job.ts'
import { writing } from './run-folder.ts'
import { seedFiles } from './seed-files.ts'

type Place = Pick<Job, 'row' | 'seed' | 'folder'>

/** The right to train a seed, which one process has at a time. */
export interface SeedLock extends Pick<FileLock, 'release'> {
  /** @errors E_RUN_LOST when the run folder was removed, or another process trains the seed now */
  confirm(): void
}

/** @errors E_RUN_LOCKED naming the process that trains the seed */
export function lockSeed(place: Place): SeedLock {
  const file = seedFiles(place.folder, place.seed).lock
  const taken = writing(file, () => tryLock(file))
  if ('owner' in taken) refuse(place, taken.owner)
  const { lock } = taken
  return {
    release: lock.release,
    confirm() {
      const lost = lock.lost()
      if (lost !== undefined) failLost(place, lost)
    },
  }
}

/** Refuses, before anything is done, what would be refused at the seed. @errors E_RUN_LOCKED */
export function refuseLocked(place: Place): void {
  const file = seedFiles(place.folder, place.seed).lock
  const owner = writing(file, () => lockOwner(file))
  if (owner !== undefined) refuse(place, owner)
}

function refuse({ row, seed, folder }: Place, owner: LockOwner): never {
  fail('E_RUN_LOCKED', {
    what: `Another process is training seed ${seed} of ${row} in ${folder}.`,
    expected: 'a seed that no other process is training.',
    received: `${describeOwner(owner)}.`,
    fix: 'wait until that process ends, or stop it and run again with --resume. If it was on another machine and has ended, wait three minutes first.',
  })
}

function failLost({ row, seed, folder }: Place, lost: 'removed' | 'taken'): never {
  const where = `${row} seed ${seed}`
  if (lost === 'taken') {
    fail('E_RUN_LOST', {
      what: `Another process has taken over ${where} in ${folder}, because this process was suspended for minutes.`,
      expected: 'a process that is not suspended for so long.',
      fix: 'let the other process finish the seed; this process has stopped writing.',
    })
  }
  fail('E_RUN_LOST', {
    what: `The run folder ${folder} was removed while ${where} was training in it.`,
    expected: 'a run folder that stays until the run ends.',
    fix: 'put the folder back and run again with --resume, or run again to start anew.',
  })
}
