import type { Json } from '@tricklab/core'
import { type NormalRecipe, stageRecipes } from '@tricklab/core/recipe'
import type { RunRecord } from '../record/read.ts'
import type { Manifest } from '../record/types.ts'
import { mean } from '../statistics/index.ts'
import { meanEntropy } from './target-entropy.ts'

/** The values below which the two losses cannot fall, because their targets are soft. */
export interface Floors {
  readonly train: number
  readonly valid: number
  /** How much of the difference each trick makes. */
  readonly parts: readonly { readonly trick: string; readonly options: string; readonly difference: number }[]
}

/** A training loss that is above the validation loss at the end. */
export interface LossGap {
  /** Of all epochs of all seeds, those in which it was so. */
  readonly above: number
  readonly epochs: number
  /** Of the last epoch, mean over the seeds. */
  readonly train: number
  readonly valid: number
  /** Or the reason why they are not known. */
  readonly floors: Floors | string
  /** What the row does to training alone, beside its targets. */
  readonly harder: readonly Harder[]
}

/** A part of the recipe that makes training images harder than validation images. */
export type Harder = 'images' | 'dropout'

/**
 * Where training stays above validation, and how much of that the targets make. Undefined where it does not, and where
 * nothing in the row is known to make training harder than validation: there is then nothing to explain.
 *
 * Label smoothing softens the targets of both losses, mixup those of training alone, and a cross-entropy is at least the
 * entropy of its targets. What is left above these floors can be compared.
 */
export function lossGap({ manifest, logs }: RunRecord): LossGap | undefined {
  const epochs = logs.flatMap((log) => log.epochs)
  const lossesOf = ({ train, valid }: (typeof epochs)[number]) => ({ train: train.loss ?? 0, valid: valid.loss ?? 0 })
  const isAbove = (epoch: (typeof epochs)[number]) => lossesOf(epoch).train > lossesOf(epoch).valid
  const last = logs.flatMap((log) => log.epochs.at(-1) ?? []).map(lossesOf)
  if (last.length === 0) return undefined
  const [train, valid] = [mean(last.map((losses) => losses.train)), mean(last.map((losses) => losses.valid))]
  if (train <= valid) return undefined
  const floors = floorsOf(manifest)
  const harder = harderOf(manifest)
  if (typeof floors !== 'string' && floors.train <= floors.valid && harder.length === 0) return undefined
  return { above: epochs.filter(isAbove).length, epochs: epochs.length, train, valid, floors, harder }
}

/** Callbacks that change images, not targets. */
const targetsKept = ['progressive-resize']

function harderOf(manifest: Manifest): Harder[] {
  const { callbacks, data, model } = stageRecipes(manifest.recipe as unknown as NormalRecipe).at(-1)!
  const { crop, augment = [] } = data.train ?? {}
  const differs =
    JSON.stringify(crop) !== JSON.stringify(data.valid?.crop) ||
    augment.length > 0 ||
    callbacks.some(({ use }) => targetsKept.includes(use))
  return [...(differs ? ['images' as const] : []), ...(drops(model as unknown as Json) ? ['dropout' as const] : [])]
}

/** Whether an option or a block anywhere in a model drops features or branches while it trains. */
function drops(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([key, inner]) =>
      (/drop(out|Connect)/.test(key) && Number(inner) > 0) ||
      (key === 'use' && String(inner).includes('dropout')) ||
      drops(inner as Json),
  )
}

function floorsOf(manifest: Manifest): Floors | string {
  const stages = stageRecipes(manifest.recipe as unknown as NormalRecipe)
  const recipe = stages.at(-1)!
  const { callbacks, loss, data, model, batchSize } = recipe
  if (loss.use !== 'cross-entropy') return `the loss is ${loss.use}, not a cross-entropy`
  const { classes, train: images } = manifest.dataset
  if (classes === undefined) return 'the record does not say how many classes there are'

  const hooks = manifest.hooks[stages.length > 1 ? `${stages.length}/beforeBatch` : 'beforeBatch'] ?? []
  const [mixup, smoothing] = ['mixup', 'label-smoothing'].map((name) => callbacks.find(({ use }) => use === name))
  const strange = hooks.filter((name) => name !== 'mixup' && name !== 'label-smoothing' && !targetsKept.includes(name))
  if (strange.length > 0) return `${strange.join(' and ')} may change the targets too`
  if (mixup !== undefined && !data.shuffle) return 'images are mixed in the order of the dataset'

  const epsilon = Number(smoothing?.epsilon ?? 0)
  const alpha = Number(mixup?.alpha ?? 0)
  const outputs = Number(model.skeleton.outputs ?? 0) || classes
  // The partner is drawn from the batch, the image itself included; classes are taken to be of one size.
  const same = 1 / batchSize + (1 - 1 / batchSize) * Math.max(0, (images / classes - 1) / (images - 1))
  const entropy = (softening: { epsilon: number; alpha: number }) => meanEntropy({ outputs, same, ...softening })
  const smoothed = entropy({ epsilon, alpha: 0 })
  const valid = smoothing?.validation === false ? 0 : smoothed
  const train = entropy({ epsilon, alpha })
  return {
    train,
    valid,
    parts: [
      ...(alpha === 0 ? [] : [{ trick: 'mixup', options: `alpha ${alpha}`, difference: train - smoothed }]),
      ...(epsilon === 0
        ? []
        : [{ trick: 'label smoothing', options: `epsilon ${epsilon}`, difference: smoothed - valid }]),
    ],
  }
}
