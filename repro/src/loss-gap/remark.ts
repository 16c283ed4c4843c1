import type { Floors, LossGap } from './gap.ts'

const number = (value: number) => value.toFixed(3)

/**
 * A training loss above the validation loss, in a few sentences: is it a bad sign? Undefined where it is not above.
 */
export function lossGapRemark(gap: LossGap | undefined): string | undefined {
  if (gap === undefined) return undefined
  const { above, epochs, train, valid, floors } = gap
  const when = epochs === 1 ? 'in its only epoch' : `in ${above} of ${epochs} epochs`
  const happens = `The training loss is above the validation loss ${when}, at the end by ${number(train - valid)}.`
  if (typeof floors === 'string') return `${happens} How much of it the targets make is not known: ${floors}.`
  return `${happens} ${explain(floors)} ${conclude(gap, floors)}`
}

function explain({ train, valid, parts }: Floors): string {
  if (parts.length === 0) return 'Mixup and label smoothing are not in use, so they make none of it.'
  const shares = parts.map(({ trick, options, difference }) =>
    difference > 0 ? `${trick} (${options}) makes at least ${number(difference)} of it` : `${trick} (${options}) none`,
  )
  const text = shares.join(', ').replace(/^./, (letter) => letter.toUpperCase())
  return `${text}: with these targets no network gets below ${number(train)} in training and ${number(valid)} in validation.`
}

function conclude({ train, valid }: LossGap, floors: Floors): string {
  const [restTrain, restValid] = [train - floors.train, valid - floors.valid]
  const stand = `${number(restTrain)} in training and ${number(restValid)} in validation`
  if (restTrain <= restValid) return `Above these floors it stands at ${stand}: soft targets alone do it, no bad sign.`
  const left =
    floors.train === floors.valid
      ? 'What does it is'
      : `Above these floors it stands at ${stand}; what is left comes of`
  return `${left} harder training images, dropout where there is any, and weights that still improve within the epoch over which the training loss is a mean: no bad sign either, and longer training may close it.`
}
