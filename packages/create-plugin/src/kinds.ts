import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'

/** Kinds of components that there is a template for, each with what it is. */
export const templateKinds = {
  callback: 'hooks into training: changes batches, targets, scores, losses or gradients',
  block: 'a part of a network with parameters, for a slot of a model',
  model: 'a whole network, from images to scores',
  metric: 'a number over all samples of an epoch',
  dataset: 'images and labels',
  optimizer: 'turns gradients into updates',
  loss: 'what training makes smaller',
  activation: 'a function of every value by itself',
} as const

export type TemplateKind = keyof typeof templateKinds

const names = Object.keys(templateKinds) as TemplateKind[]

/** @errors E_ARGUMENT */
export function readKind(text: string): TemplateKind {
  const kind = names.find((name) => name === text)
  if (kind !== undefined) return kind
  return fail('E_ARGUMENT', {
    what: `There is no template for the kind "${text}".`,
    expected: `--kind ${names.join('|')}.`,
    received: `"${text}".`,
    fix: suggest(text, names),
  })
}
