import type { NamedParam } from '@tricklab/core'
import type { BoundCallback } from '@tricklab/core/loop'
import type * as tf from '@tricklab/core/tf'
import { encodePng, type Normalization, toRgb } from '@tricklab/data'
import type { BatchImages, Outcome, TrackedRun, Tracker } from './tracker.ts'

export interface BindOptions {
  /** What made pixels into inputs. */
  readonly normalization: Normalization
  /** Told, once for each, why a tracker is left out from then on. */
  readonly onNotice: (message: string) => void
}

/** Trackers in a training. */
export interface BoundTrackers {
  /** Only looks on: it changes nothing of the training. */
  readonly bound: BoundCallback
  end(outcome: Outcome): Promise<void>
}

/** Images and weights may take this share of the time of a training. */
const mostOfTime = 0.01
/** What a tracker holds is brought to its place at least so often. @unit ms */
const flushMs = 10_000
/** Images of a batch that are shown. */
const mostImages = 8

/**
 * Tells trackers of a training. Of a step: `loss`, `learningRate`, `momentum`, `imagesPerSecond`. Of an epoch, score by
 * score: `train/…` and `valid/…`. One serves all stages.
 */
export function bindTrackers(
  trackers: readonly Tracker[],
  run: TrackedRun,
  { normalization, onNotice }: BindOptions,
): BoundTrackers {
  const left = new Set(trackers)
  let params: readonly NamedParam[] = []
  let begun = false
  let mark = performance.now()
  let nextFlush = mark + flushMs

  /** Calls every tracker that is left; one that throws is so no more. */
  const tell = async (call: (tracker: Tracker) => void | Promise<void>) => {
    for (const tracker of left) {
      try {
        await call(tracker)
      } catch (error) {
        left.delete(tracker)
        const why = error instanceof Error ? error.message : String(error)
        onNotice(`The tracker ${tracker.name} is left out from here on; the training goes on. ${why}`)
      }
    }
  }
  const wanting = (what: 'images' | 'weights') => [...left].some((tracker) => tracker[what] !== undefined)
  const [forImages, forWeights] = [createShare(mostOfTime / 2), createShare(mostOfTime / 2)]

  return {
    bound: {
      name: 'trackers',
      stage: 'log',
      callback: {
        async beforeFit(fit) {
          params = fit.params
          if (!begun) await tell((tracker) => tracker.begin(run, fit.startStep))
          begun = true
          mark = performance.now()
        },
        async beforeBatch({ training, index, step, images }) {
          if (!training || index !== 0 || !wanting('images')) return
          await forImages(async () => {
            const batch = { step, time: Date.now(), ...(await readImages(images, normalization)) }
            await tell((tracker) => tracker.images?.(batch))
          })
        },
        async afterBatch({ training, epoch, step, size, loss, hyper }) {
          const now = performance.now()
          const seconds = (now - mark) / 1000
          mark = now
          if (!training || hyper === undefined) return
          const { learningRate, momentum } = hyper
          const values = {
            loss,
            learningRate,
            ...(momentum === undefined ? {} : { momentum }),
            imagesPerSecond: size / seconds,
          }
          await tell((tracker) => tracker.track({ step, epoch, time: Date.now(), values }))
          if (now < nextFlush) return
          nextFlush = now + flushMs
          await tell((tracker) => tracker.flush())
        },
        async afterEpoch({ epoch, step, train, valid }) {
          const time = Date.now()
          const scores = Object.entries({ train, valid }).flatMap(([split, of]) =>
            Object.entries(of).map(([name, value]) => [`${split}/${name}`, value]),
          )
          await tell((tracker) => tracker.track({ step, epoch, time, values: Object.fromEntries(scores) }))
          if (wanting('weights')) {
            await forWeights(async () => {
              for (const { path, value } of params) {
                const values = Float32Array.from(await value.data())
                await tell((tracker) => tracker.weights?.({ step, time, path, values }))
              }
            })
          }
          await tell((tracker) => tracker.flush())
          mark = performance.now()
        },
      },
    },
    end: (outcome) => tell((tracker) => (begun ? tracker.end(outcome) : undefined)),
  }
}

/** Does what takes time the rarer the longer it takes: at most this share of all time, and the first time always. */
function createShare(share: number): (body: () => Promise<void>) => Promise<void> {
  let next = Number.NEGATIVE_INFINITY
  return async (body) => {
    const start = performance.now()
    if (start < next) return
    await body()
    const end = performance.now()
    next = end + (end - start) / share
  }
}

async function readImages(
  images: tf.Tensor4D,
  normalization: Normalization,
): Promise<Pick<BatchImages, 'shape' | 'images'>> {
  const [count, height, width, channels] = images.shape
  const values = await images.data()
  const size = height * width * channels
  const pngs = Array.from({ length: Math.min(count, mostImages) }, (_, index) =>
    encodePng(toRgb(values.subarray(index * size, (index + 1) * size), channels, normalization), width, height, 3),
  )
  return { shape: [height, width, channels], images: pngs }
}
