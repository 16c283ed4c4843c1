import type { SeedLog } from '../record/read.ts'
import { median } from '../statistics/index.ts'

/** What trainings took; null where no log tells. */
export interface Costs {
  /** Median over whole epochs, validation included. */
  readonly secondsPerEpoch: number | null
  /** Most that a training's process held, over the seeds. */
  readonly peakMemoryMiB: number | null
}

/** Time and memory of the trainings that logs are of. */
export function costsOf(logs: readonly SeedLog[]): Costs {
  const seconds = logs.flatMap(wholeEpochs)
  const memory = logs.flatMap(({ end }) => end?.peakMemoryMiB ?? [])
  return {
    secondsPerEpoch: seconds.length === 0 ? null : median(seconds),
    peakMemoryMiB: memory.length === 0 ? null : Math.max(...memory),
  }
}

/** Seconds of the epochs that no pause fell into: those of a resumed epoch count from the resumption only. */
function wholeEpochs({ epochs, resumes }: SeedLog): number[] {
  return epochs
    .filter(({ step }, index) => {
      const before = epochs[index - 1]?.step ?? 0
      return !resumes.some((resume) => resume.step > before && resume.step <= step)
    })
    .map(({ seconds }) => seconds)
}
