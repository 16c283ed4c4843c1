import type { Callback, FitInfo } from '@tricklab/core'
import type { ProgressSink } from '../progress.ts'

/** Steps whose mean duration the speed is taken from. */
const window = 20

/** Reports every step and epoch, with speed and time left. */
export function createMeter(job: string, sink: ProgressSink): Callback {
  let info: FitInfo | undefined
  let mark = performance.now()
  let epochMark = mark
  let durations: number[] = []
  let perStep = { train: Number.NaN, valid: Number.NaN }

  return {
    beforeFit(fit) {
      info = fit
    },
    beforeEpoch({ split }) {
      mark = performance.now()
      durations = []
      if (split === 'train') epochMark = mark
    },
    afterBatch({ epoch, index, size, training, loss }) {
      const now = performance.now()
      durations = [...durations.slice(1 - window), now - mark]
      mark = now
      const mean = durations.reduce((sum, value) => sum + value, 0) / durations.length / 1000
      perStep = { ...perStep, [training ? 'train' : 'valid']: mean }

      const { epochs, stepsPerEpoch, validSteps } = info!
      // Until the first validation was timed, a validation step is taken to cost a third: forward without backward.
      const validStep = Number.isNaN(perStep.valid) ? perStep.train / 3 : perStep.valid
      const trainStep = Number.isNaN(perStep.train) ? perStep.valid * 3 : perStep.train
      const laterEpochs = (epochs - epoch - 1) * (stepsPerEpoch * trainStep + validSteps * validStep)
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
        imagesPerSecond: size / mean,
        secondsLeft: laterEpochs + thisEpoch,
      })
    },
    afterEpoch({ epoch, train, valid }) {
      const seconds = (performance.now() - epochMark) / 1000
      sink({ kind: 'epoch', job, epoch, epochs: info!.epochs, train, valid, seconds })
    },
  }
}
