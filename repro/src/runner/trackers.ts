import path from 'node:path'
import { csvTracker, mlflowTracker, type Tracker, tensorboardTracker } from '@tricklab/trackers'

/** Names of the trackers that a run may tell. */
export const trackerNames = ['tensorboard', 'mlflow', 'csv'] as const

/** What TensorBoard may get beside numbers. */
export const trackedExtras = ['images', 'weights'] as const

/** Who is told of a run, as data: a job takes it along. */
export interface Tracking {
  readonly to: readonly (typeof trackerNames)[number][]
  readonly also?: readonly (typeof trackedExtras)[number][]
}

/** The trackers of a seed. What they write lies in the run's folder. */
export function openTrackers(
  { to, also = [] }: Tracking,
  folder: string,
  seed: number,
  onNotice: (message: string) => void,
): Tracker[] {
  const create = {
    tensorboard: () =>
      tensorboardTracker({
        folder: path.join(folder, 'tensorboard', `seed-${seed}`),
        images: also.includes('images'),
        weights: also.includes('weights'),
      }),
    mlflow: () => mlflowTracker({ keep: path.join(folder, `mlflow-${seed}.json`), onNotice }),
    csv: () => csvTracker(path.join(folder, `seed-${seed}.csv`)),
  }
  return to.map((name) => create[name]())
}
