import type { Callback, Shape } from '@tricklab/core'
import type { FitInfo } from '@tricklab/core/contracts'
import type { BoundCallback } from '@tricklab/core/loop'
import type { Row } from '@tricklab/core/recipe'
import type { ProgressSink } from './progress.ts'
import type { OpenStage } from './stages.ts'

/** Steps whose mean duration the speed is taken from. */
const window = 20

/** A step this many times as long as the middle one was no step alone: the machine slept, or the process was halted. */
const pause = 10

/** The meter as the hooks of a training take it. */
export const bindMeter = (...given: Parameters<typeof createMeter>): BoundCallback => ({
  name: 'meter',
  stage: 'log',
  callback: createMeter(...given),
})

/** Reports every step and epoch, with speed and time left. */
export function createMeter(job: string, sink: ProgressSink, stages: readonly OpenStage[] = []): Callback {
  const epochs = stages.reduce((sum, stage) => sum + stage.epochs, 0)
  let info: FitInfo | undefined
  let mark = performance.now()
  let epochMark = mark
  const durations: { [split in 'train' | 'valid']: number[] } = { train: [], valid: [] }

  return {
    beforeFit(fit) {
      info = fit
    },
    beforeEpoch({ split }) {
      mark = performance.now()
      if (split === 'train') epochMark = mark
    },
    afterBatch({ epoch, index, size, training, loss }) {
      const now = performance.now()
      const split = training ? 'train' : 'valid'
      durations[split] = [...durations[split].slice(1 - window), (now - mark) / 1000]
      mark = now
      const perStep = { train: runningMean(durations.train), valid: runningMean(durations.valid) }

      const { stepsPerEpoch, validSteps, passes } = info!
      // Until the first validation was timed, a validation step is taken to cost a third of a pass: forward without backward.
      const ratio = 3 * passes
      const validStep = Number.isNaN(perStep.valid) ? perStep.train / ratio : perStep.valid
      const trainStep = Number.isNaN(perStep.train) ? perStep.valid * ratio : perStep.train
      const secondsOf = (train: number, valid: number) => train * trainStep + valid * validStep
      const current = stages[info!.stage ?? 0]!
      const later = stages.slice((info!.stage ?? 0) + 1).reduce((sum, { source, epochs, row }) => {
        // A step takes about as long as it has pixels.
        const cost = pixelsOf(row, source.imageShape) / pixelsOf(current.row, current.source.imageShape)
        return sum + epochs * cost * secondsOf(source.batches('train'), source.batches('valid'))
      }, 0)
      const epochsHere = info!.firstEpoch + info!.epochs - epoch - 1
      const laterEpochs = epochsHere * secondsOf(stepsPerEpoch, validSteps) + later
      const thisEpoch = training
        ? (stepsPerEpoch - index - 1) * trainStep + validSteps * validStep
        : (validSteps - index - 1) * validStep
      sink({
        kind: 'step',
        job,
        epoch,
        epochs,
        training,
        done: index + 1,
        total: training ? stepsPerEpoch : validSteps,
        loss,
        imagesPerSecond: size / perStep[split],
        secondsLeft: laterEpochs + thisEpoch,
      })
    },
    afterEpoch({ epoch, train, valid }) {
      const seconds = (performance.now() - epochMark) / 1000
      sink({ kind: 'epoch', job, epoch, epochs, train, valid, seconds })
    },
  }
}

/** Mean of the time that steps took while the process ran; NaN of none. */
function runningMean(durations: readonly number[]): number {
  const middle = [...durations].sort((a, b) => a - b)[(durations.length - 1) >> 1]!
  const running = durations.filter((duration) => duration <= pause * middle)
  return running.reduce((sum, duration) => sum + duration, 0) / running.length
}

const pixelsOf = ({ recipe }: Row, [height, width]: Shape) => recipe.batchSize * height * width
