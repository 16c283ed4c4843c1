import type { Batch, GradientsAgain, Scores, Split } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import { blameOrigin } from '../plugin/origin.ts'
import * as tf from '../tf.ts'
import { isMultiLabel, readLoss, refuseMultiLabel } from './check-targets.ts'
import { describeFit } from './describe-fit.ts'
import { lossOf, score } from './forward.ts'
import { type HeldValues, holdValues } from './held-values.ts'
import type { FitResult, Learner } from './learner.ts'
import { failNonFinite } from './non-finite.ts'
import { padTargets } from './pad-targets.ts'
import { variableGrads } from './variable-grads.ts'

export interface FitOptions {
  /** Whether another fit goes on with the model: the next stage of the training. Default false. */
  readonly followed?: boolean
}

/**
 * The training loop; returns the scores of the last epoch, and why it was the last where a callback ended the training.
 * The model is left with the weights that were scored: where a callback declares those that validation sees, with them.
 * Where another fit goes on from there, it is left with the weights as they are trained, unless the callback hands its own on.
 * Goes on from the learner's position, so a restored learner continues where it stopped. Training in stages is one fit
 * after the other, with the same model.
 * @errors E_INTERRUPTED after the signal, E_LOSS_NAN, E_MULTI_LABEL, E_HOOK, E_HOOK_RETURN
 */
export async function fit(learner: Learner, { followed = false }: FitOptions = {}): Promise<FitResult> {
  try {
    await runEpochs(learner)
    if (!followed || learner.hooks.evaluation?.callback.handsOn === true) learner.evaluation.adopt()
  } catch (error) {
    // What ended the fit matters more than what goes wrong while cleaning up after it.
    await learner.hooks.cleanup().catch(() => {})
    throw error
  }
  await learner.hooks.cleanup()
  return learner.result!
}

async function runEpochs(learner: Learner): Promise<void> {
  const { hooks, position, parts, tally } = learner
  await hooks.run('beforeFit', describeFit(learner))
  while (!learner.isOver) {
    const { epoch } = position
    if (learner.trainScores === undefined) {
      const scores = await runEpoch(learner, 'train')
      learner.trainScores = { ...scores, smoothLoss: learner.smoothLoss.compute() }
      // From here on a checkpoint resumes in the validation: the training half of the epoch is settled.
      tally.reset()
      position.index = 0
    }
    const train = learner.trainScores
    const valid = await learner.evaluation.during(() => runEpoch(learner, 'valid'))
    tally.reset()
    learner.trainScores = undefined
    Object.assign(position, { epoch: epoch + 1, index: 0 })
    learner.scores = { train, valid }
    await hooks.run('afterEpoch', { epoch, step: position.step, train, valid })
    stopIfAsked(learner)
  }
  await hooks.run('afterFit', { epochs: parts.epochs, step: position.step })
}

/** One pass over a split, from the learner's position on; returns its scores. */
async function runEpoch(learner: Learner, split: Split): Promise<Scores> {
  const { hooks, parts, position, tally } = learner
  const { epoch } = position
  const training = split === 'train'
  await hooks.run('beforeEpoch', { epoch, split, index: position.index })
  if (training && hooks.stopped !== undefined) return tally.compute()
  for await (const read of parts.source.read(split, epoch, position.index)) {
    const { index, step } = position
    const targets = padTargets(read.targets, parts.model.classes)
    const batch = await hooks.run('beforeBatch', { ...read, targets, training, epoch, index, step })
    const { loss, scores, before } = training ? await trainStep(learner, batch) : predict(learner, batch)
    // Read once, when all work of the step is under way: on a GPU reading waits until it is done.
    const { lossValue, targetSum } = await readLoss(loss, batch)
    const isWrong = isMultiLabel(targetSum)
    if (isWrong || !Number.isFinite(lossValue)) {
      before?.restore()
      if (isWrong) refuseMultiLabel(batch, targetSum!)
      await failNonFinite(learner, batch)
    }
    before?.dispose()
    await tally.add(lossValue, batch.size, scores, batch.targets)
    if (training) learner.smoothLoss.add(lossValue)
    tf.dispose([loss, scores, batch.images, batch.targets])

    const hyper = training ? learner.hyperOf(batch) : undefined
    Object.assign(position, { index: index + 1, step: training ? step + 1 : step })
    const { size } = batch
    await hooks.run('afterBatch', { epoch, index, step: position.step, size, training, loss: lossValue, hyper })
    stopIfAsked(learner)
    if (training && hooks.stopped !== undefined) {
      learner.endEarly()
      break
    }
  }
  return tally.compute()
}

/** What a step leaves to its caller, who owns it; `before` are the parameters that the step began with. */
interface Computed {
  readonly loss: tf.Scalar
  readonly scores: tf.Tensor2D
  readonly before?: HeldValues
}

/** Forward, backward, and the update where the batch ends a group. */
async function trainStep(learner: Learner, batch: Batch): Promise<Computed> {
  const { group, trainable } = learner
  const { loss, scores, params, gradients } = differentiate(learner, batch)
  group.add(params, gradients, batch.size)
  if (!learner.endsGroup(batch.index)) return { loss, scores }
  const before = holdValues(trainable)
  await update(learner, batch)
  return { loss, scores, before }
}

/** Forward and backward: loss, scores, and the gradients of the parameters that took part in the loss. */
function differentiate(learner: Learner, batch: Batch) {
  const { trainable } = learner
  let scores: tf.Tensor2D | undefined
  const { value: loss, grads } = variableGrads(
    () => {
      const forward = scoreAndLoss(learner, batch)
      scores = tf.keep(forward.scores)
      return forward.loss
    },
    trainable.map((param) => param.value),
  )
  const params = trainable.filter((param) => grads[param.value.name] != null)
  return { loss, scores: scores!, params, gradients: params.map((param) => grads[param.value.name]!) }
}

/** One step of the optimizer with the mean gradient of a group of batches, of which `batch` is the last. */
async function update(learner: Learner, batch: Batch): Promise<void> {
  const { group, hooks, optimizer, parts, trainable } = learner
  const { step } = batch
  const { params, gradients: means } = group.take(trainable)
  const { gradients } = await hooks.run('afterBackward', { step, params, gradients: means })
  const count = learner.updateOf(batch) + 1
  await blameOrigin(parts.optimizer, `step at step ${step + 1}`, () =>
    optimizer.step(learner.scheduled(params, batch), gradients, learner.hyperOf(batch), count, () =>
      differentiateAgain(learner, batch),
    ),
  )
  for (const { path } of params) learner.updated.add(path)
  tf.dispose([...means, ...gradients])
  await hooks.run('afterStep', { step, params })
}

/** What an optimizer asks for: the batch at the weights as they are, with its draws; only buffers are put back. */
async function differentiateAgain(learner: Learner, batch: Batch): Promise<GradientsAgain> {
  const buffers = learner.params.filter(({ role }) => role === 'buffer')
  const before = buffers.map(({ value }) => tf.keep(tf.clone(value)))
  const { loss, scores, params, gradients: own } = differentiate(learner, batch)
  for (const [index, { value }] of buffers.entries()) value.assign(before[index]!)
  tf.dispose([scores, ...before])
  const { gradients } = await learner.hooks.run('afterBackward', { step: batch.step, params, gradients: own })
  tf.dispose(own.filter((gradient) => !gradients.includes(gradient)))
  return { loss, gradients }
}

function predict(learner: Learner, batch: Batch): Computed {
  return tf.tidy(() => scoreAndLoss(learner, batch))
}

function scoreAndLoss(learner: Learner, batch: Batch): { loss: tf.Scalar; scores: tf.Tensor2D } {
  const scores = score(learner, batch)
  return { loss: lossOf(learner, batch, scores), scores }
}

function stopIfAsked({ parts, position, lastEpoch }: Learner): void {
  if (parts.signal?.aborted !== true) return
  const stage = parts.start === undefined ? '' : `, stage ${parts.start.stage + 1}`
  fail('E_INTERRUPTED', {
    what: `Stopped after step ${position.step} of epoch ${position.epoch + 1}/${lastEpoch}${stage} (seed ${parts.seed}).`,
    fix: 'run the same command with --resume to go on.',
  })
}
