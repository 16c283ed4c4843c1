import type { Floors, Harder, LossGap } from './loss-gap.ts'

const number = (value: number) => value.toFixed(3)

/**
 * Explains a training loss above the validation loss in a few sentences. Undefined where there is nothing to explain.
 */
export function lossGapRemark(gap: LossGap | undefined): string | undefined {
  if (gap === undefined) return undefined
  const { above, epochs, train, valid, floors } = gap
  const when = epochs === 1 ? 'after the only epoch' : 'after the last epoch'
  const count = epochs === 1 ? '' : ` It was higher in ${above} of ${epochs} epochs.`
  const happens = `The training loss is ${number(train - valid)} higher than the validation loss ${when}.${count}`
  if (typeof floors === 'string')
    return `${happens} We cannot compute how much of this the training targets cause: ${floors}.`
  return `${happens} ${explain(floors)} ${conclude(gap, floors)}`
}

/** What the targets do. */
function explain({ train, valid, parts }: Floors): string {
  if (parts.length === 0) return 'Soft targets are not the cause: the row uses neither mixup nor label smoothing.'
  const causes = parts.map(({ trick, options, difference }) =>
    difference > 0
      ? `${trick} (${options}) causes at least ${number(difference)} of the difference`
      : `${trick} (${options}) raises both losses alike`,
  )
  const floors =
    train === valid
      ? `neither loss can fall below ${number(train)}`
      : `the training loss cannot fall below ${number(train)}, the validation loss not below ${number(valid)}`
  return `The targets are soft, so ${floors}: ${causes.join(', and ')}.`
}

/** What is left when the targets are taken into account. */
function conclude({ train, valid, harder }: LossGap, floors: Floors): string {
  const [restTrain, restValid] = [train - floors.train, valid - floors.valid]
  const rest = `the training loss is ${number(restTrain)} above its limit, the validation loss ${number(restValid)}`
  if (restTrain <= restValid)
    return `Compared fairly, ${rest}. Soft targets explain the whole difference; nothing is wrong.`
  const left = floors.train === floors.valid ? '' : `Compared fairly, ${rest}. `
  return `${left}${reasons(harder)} This is common and no sign of a fault. Longer training may close the gap.`
}

const sentences: { readonly [H in Harder]: string } = {
  images: 'Training images are cropped or augmented at random, which makes them harder than validation images.',
  dropout: 'Dropout is active in training only.',
}

function reasons(harder: readonly Harder[]): string {
  const mean = 'The training loss is a mean over the epoch, during which the network still improved.'
  return [...harder.map((part) => sentences[part]), mean].join(' ')
}
