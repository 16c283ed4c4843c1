import type { Plugin } from '@tricklab/core/plugin'
import cosineRestarts from '@tricklab/plugin-cosine-restarts'
import warmup from '@tricklab/plugin-warmup'
import { build } from './components.ts'
import { curve, drawing, label, plot } from './draw.ts'
import type { Picture } from './types.ts'

interface ScheduleUse {
  readonly use: string
  readonly [option: string]: unknown
}

/** The learning rate of a schedule over ten epochs. */
function schedulePicture(plugin: Plugin, use: ScheduleUse, name: string, caption: string): Picture {
  const [stepsPerEpoch, epochs] = [30, 10]
  const totalSteps = stepsPerEpoch * epochs
  const schedule = build('schedule', use, { learningRate: 1, totalSteps, stepsPerEpoch }, plugin)
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 220 },
    xTicks: [0, 2, 4, 6, 8, 10],
    yTicks: [0, 0.25, 0.5, 0.75, 1],
    xTitle: 'epochs',
    yTitle: 'learning rate, as a share of the largest',
  })
  const points = Array.from(
    { length: totalSteps },
    (_, step) => [x(step / stepsPerEpoch), y(schedule.at(step).learningRate)] as const,
  )
  return {
    svg: drawing(700, 300, `The learning rate of ${name} over ten epochs`, [
      axes,
      curve(points, 'train'),
      label(670, 22, name, 'end'),
    ]),
    caption,
  }
}

export const warmupPicture = (): Picture =>
  schedulePicture(
    warmup as unknown as Plugin,
    { use: 'warmup', pctStart: 0.2 },
    'a warm-up over a fifth of the steps',
    'The learning rate rises in a line, and falls along half a cosine.',
  )

export const cosineRestartsPicture = (): Picture =>
  schedulePicture(
    cosineRestarts as unknown as Plugin,
    { use: 'cosine-restarts' },
    'cosine annealing with restarts',
    'Cycles of 1, 2 and 4 epochs, and the beginning of one of 8: the training ends with a large learning rate.',
  )
