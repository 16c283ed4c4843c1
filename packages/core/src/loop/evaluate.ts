import type { Batch, Predictor, Scores, SourceBatch } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import { blameOrigin } from '../plugin/origin.ts'
import * as tf from '../tf.ts'
import { isMultiLabel, readLoss, refuseMultiLabel } from './check-targets.ts'
import { describeFit } from './describe-fit.ts'
import { lossOf, score } from './forward.ts'
import { type Learner, Tally } from './learner.ts'
import { failNonFinite } from './non-finite.ts'
import { padTargets } from './pad-targets.ts'

/** A predictor and where its views come from. */
export interface Viewing {
  readonly predictor: Predictor
  /** The batches of the validation split in their order, as the given view shows them; each belongs to the caller. */
  read(view: number): AsyncIterable<SourceBatch>
}

/** The last epoch of a training, and the training steps done by then. */
export interface TrainingEnd {
  readonly epoch: number
  readonly step: number
}

/**
 * Scores of the validation split with the weights as they are, as at the end of the fit: the same batches and hooks give
 * the same bits. With a predictor the scores of every sample are those of all its views together, and loss and metrics
 * are computed of them; hooks see every view as a validation batch.
 * @param end default: as the learner's fit is planned; another where a callback ended it
 * @errors E_INTERRUPTED after the signal, E_LOSS_NAN, E_HOOK, E_HOOK_RETURN
 */
export async function evaluate(learner: Learner, viewing?: Viewing, end?: TrainingEnd): Promise<Scores> {
  const { hooks } = learner
  let result: Scores
  try {
    await hooks.run('beforeFit', describeFit(learner))
    result = await scoreSplit(learner, viewing, end ?? plannedEnd(learner))
  } catch (error) {
    // What ended the evaluation matters more than what goes wrong while cleaning up after it.
    await hooks.cleanup().catch(() => {})
    throw error
  }
  await hooks.cleanup()
  return result
}

const plannedEnd = (learner: Learner): TrainingEnd => ({
  epoch: learner.lastEpoch - 1,
  step: learner.start.step + learner.parts.epochs * learner.batches('train'),
})

async function scoreSplit(
  learner: Learner,
  viewing: Viewing | undefined,
  { epoch, step }: TrainingEnd,
): Promise<Scores> {
  const { hooks, parts } = learner
  const tally = new Tally(parts.metrics)
  tally.reset()
  await hooks.run('beforeEpoch', { epoch, split: 'valid', index: 0 })
  const views = Array.from({ length: viewing?.predictor.views ?? 0 }, (_, view) =>
    viewing!.read(view)[Symbol.asyncIterator](),
  )
  try {
    let index = 0
    for await (const read of parts.source.read('valid', epoch, 0)) {
      const place = { training: false, epoch, index, step }
      const batch = await enter(learner, read, place)
      const plain = tf.tidy(() => score(learner, batch))
      const seen: tf.Tensor2D[] = []
      for (const view of views) seen.push(await scoreView(learner, view, batch, place))
      const { scores, loss } = tf.tidy(() => {
        const scores = viewing === undefined ? plain : combine(viewing.predictor, plain, seen)
        return { scores, loss: lossOf(learner, batch, scores) }
      })
      const { lossValue, targetSum } = await readLoss(loss, batch)
      if (isMultiLabel(targetSum)) refuseMultiLabel(batch, targetSum!)
      if (!Number.isFinite(lossValue)) await failNonFinite(learner, batch)
      await tally.add(lossValue, batch.size, scores, batch.targets)
      tf.dispose([loss, scores, plain, ...seen, batch.images, batch.targets])
      const { size } = batch
      await hooks.run('afterBatch', { epoch, index, step, size, training: false, loss: lossValue, hyper: undefined })
      stopIfAsked(learner)
      index += 1
    }
  } finally {
    for (const view of views) await view.return?.()
  }
  return tally.compute()
}

type Place = Pick<Batch, 'training' | 'epoch' | 'index' | 'step'>

/** A batch as hooks and model get it. */
function enter({ hooks, parts }: Learner, read: SourceBatch, place: Place): Promise<Batch> {
  return hooks.run('beforeBatch', { ...read, targets: padTargets(read.targets, parts.model.classes), ...place })
}

/** Scores of the next batch of a view, which must show the same samples. */
async function scoreView(
  learner: Learner,
  view: AsyncIterator<SourceBatch>,
  { size }: Batch,
  place: Place,
): Promise<tf.Tensor2D> {
  const next = await view.next()
  if (next.done === true || next.value.size !== size) {
    fail('E_INTERNAL', {
      what: 'A view of the predictor has other batches than the validation split.',
      expected: `${size} samples.`,
      received: next.done === true ? 'its end.' : `${next.value.size} samples.`,
    })
  }
  const batch = await enter(learner, next.value, place)
  const scores = tf.tidy(() => score(learner, batch))
  tf.dispose([batch.images, batch.targets])
  return scores
}

/** In logarithms throughout: a probability that float32 rounds to 0 would make the loss infinite. */
function combine(predictor: Predictor, plain: tf.Tensor2D, views: readonly tf.Tensor2D[]): tf.Tensor2D {
  const logarithms = [plain, ...views].map((scores) => tf.logSoftmax(scores))
  return blameOrigin(predictor, 'combine', () => predictor.combine(logarithms[0]!, logarithms.slice(1)))
}

function stopIfAsked({ parts }: Learner): void {
  if (parts.signal?.aborted !== true) return
  fail('E_INTERRUPTED', {
    what: `Stopped while evaluating (seed ${parts.seed}).`,
    fix: 'run the same command again; a training goes on with --resume.',
  })
}
