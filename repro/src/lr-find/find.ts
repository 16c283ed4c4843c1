import { fail, type Schedule, TricklabError } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import { type BoundCallback, fit, Learner, SmoothLoss } from '@tricklab/core/loop'
import { learningRateOf, type Row } from '@tricklab/core/recipe'
import { openRow, type ProgressSink } from '@tricklab/train'
import { fallsBeyondNoise } from './noise.ts'
import { type RatePoint, type RateSuggestions, suggestRates } from './suggest.ts'

export interface FindRatesOptions {
  /** Learning rate of the first update, and that after the last. */
  readonly start: number
  readonly end: number
  /** Updates of the weights. */
  readonly steps: number
  readonly seed: number
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** A search for a learning rate. */
export interface RateSearch {
  readonly points: readonly RatePoint[]
  /** Null where it ended before there was anything to tell. */
  readonly suggestions: RateSuggestions | null
  /** The loss falls no further than its noise: the suggestions may be chance. */
  readonly doubtful: boolean
  /** Why it ended. */
  readonly stopped: 'complete' | 'diverged' | 'not finite'
  /** The rate of the row's recipe. */
  readonly recipeRate: number
}

/** Times the best running loss at which a search is over: fastai's. */
const divergence = 4

/**
 * A mock training of a row, of its first stage where it has several: the learning rate rises from `start` by the same
 * factor every update, until the running loss is four times its best. Nothing is saved.
 * @errors E_INTERRUPTED after the signal, E_OPTION_RANGE, those of fit but E_LOSS_NAN
 * @differs from fastai's lr_find in counting updates where the row accumulates gradients
 */
export async function findRates(row: Row, options: FindRatesOptions): Promise<RateSearch> {
  const { start, end, steps, seed, dataPaths, progress, signal } = options
  checkRange(start, end)
  const opened = await openRow(row, { seed, dataPaths, progress, signal })
  const [stage] = opened.stages
  const { recipe } = stage.row
  const accumulate = recipe.accumulate ?? 1
  const points: RatePoint[] = []
  let stopped: RateSearch['stopped'] = 'complete'
  const running = new SmoothLoss()
  let began = performance.now()
  let best = Infinity
  const watcher: BoundCallback = {
    name: 'search',
    stage: 'log',
    callback: {
      beforeEpoch() {
        began = performance.now()
      },
      afterBatch({ index, size, loss, hyper }) {
        running.add(loss)
        const [done, total] = [index + 1, steps * accumulate]
        const seconds = (performance.now() - began) / 1000 / done
        const times = { imagesPerSecond: size / seconds, secondsLeft: (total - done) * seconds }
        progress({ kind: 'step', job: row.name, epoch: 0, epochs: 1, training: true, done, total, loss, ...times })
        if ((index + 1) % accumulate === 0) {
          const point = { rate: hyper!.learningRate, loss: running.compute() }
          points.push(point)
          best = Math.min(best, point.loss)
          if (point.loss > divergence * best) {
            stopped = 'diverged'
            return { stop: 'the loss has become four times its best' }
          }
        }
      },
    },
  }
  const schedule: Schedule = { at: (step) => ({ learningRate: start * (end / start) ** (step / steps) }) }
  const source = { ...stage.source, ...repeat(stage.source, steps * accumulate) }
  const planned = opened.learner({ ...stage, source, epochs: 1, start: undefined }, { callbacks: [watcher] })
  // Nothing is validated, so there is nothing to measure.
  const learner = new Learner({ ...planned.parts, schedule, metrics: [] }, planned.hooks)
  try {
    await fit(learner)
  } catch (error) {
    if (!(error instanceof TricklabError) || error.code !== 'E_LOSS_NAN') throw error
    stopped = 'not finite'
  } finally {
    progress({ kind: 'done', job: row.name })
    learner.dispose()
    await opened.dispose()
  }
  const recipeRate = learningRateOf(recipe.optimizer)!
  const doubtful = !fallsBeyondNoise(points, steps)
  return { points, suggestions: suggestRates(points, steps), doubtful, stopped, recipeRate }
}

/** One epoch of so many training batches, epoch after epoch of the source; nothing is validated. */
function repeat(source: BatchSource, batches: number): Pick<BatchSource, 'batches' | 'read'> {
  return {
    batches: (split) => (split === 'train' ? batches : 0),
    async *read(split, _epoch, from) {
      if (split !== 'train') return
      const each = source.batches('train')
      for (let batch = from; batch < batches; ) {
        for await (const read of source.read('train', Math.floor(batch / each), batch % each)) {
          yield read
          batch += 1
          if (batch === batches) return
        }
      }
    },
  }
}

function checkRange(start: number, end: number): void {
  if (start > 0 && end > start && Number.isFinite(end)) return
  fail('E_OPTION_RANGE', {
    what: 'A search needs a learning rate to start from and a larger one to end at.',
    expected: '0 < start < end.',
    received: `${start} and ${end}.`,
  })
}
