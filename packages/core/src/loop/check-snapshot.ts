import type { NamedParam } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import { blameOrigin } from '../plugin/origin.ts'
import * as tf from '../tf.ts'
import type { LearnerParts } from './learner.ts'

type Tensors = { readonly [name: string]: tf.Tensor }
type Form = Pick<tf.Tensor, 'dtype' | 'shape'>

/**
 * What a snapshot must hold follows from the recipe: every parameter, what the optimizer keeps of those it has updated,
 * and the gradients of a group that is under way.
 */
export interface ExpectedSnapshot {
  readonly params: readonly NamedParam[]
  /** The parameters that the optimizer has updated. */
  readonly updated: readonly NamedParam[]
  readonly optimizer: LearnerParts['optimizer']
  readonly schedule: LearnerParts['schedule']
  /** Whether gradients wait for the update of their group. */
  readonly gathered: boolean
}

/** @errors E_CHECKPOINT_MISMATCH when a tensor is missing or of another form */
export async function checkSnapshot(tensors: Tensors, expected: ExpectedSnapshot): Promise<void> {
  const { params, updated, gathered } = expected
  for (const { path, value } of params) check(tensors, `model/${path}`, value, `the parameter "${path}" of the model`)
  for (const [name, form] of Object.entries(await optimizerForms(expected))) {
    check(tensors, `optimizer/${name}`, form, `"${name}" of the optimizer`)
  }
  const gradients = Object.keys(tensors).filter((name) => name.startsWith('gradient/'))
  if (gathered !== gradients.length > 0) {
    refuse('the gradients of the group of batches at hand', gathered ? 'some.' : 'none.', `${gradients.length}.`)
  }
  const known = new Map([...params, ...updated].map(({ path, value }) => [`gradient/${path}`, value]))
  for (const name of gradients) check(tensors, name, known.get(name), `"${name}"`)
}

/** What the optimizer keeps once it has updated these parameters: asked of the optimizer, with copies of them. */
async function optimizerForms({
  updated,
  optimizer,
  schedule,
}: ExpectedSnapshot): Promise<{ readonly [name: string]: Form }> {
  if (updated.length === 0) return {}
  const copies = updated.map((param) => ({ ...param, value: tf.tidy(() => tf.variable(tf.zerosLike(param.value))) }))
  const level = () => copies.map(({ value }) => tf.zerosLike(value))
  const gradients = level()
  const again = async () => ({ loss: tf.scalar(0), gradients: level() })
  try {
    await blameOrigin(optimizer, 'step', () => optimizer.step(copies, gradients, schedule.at(0), 1, again))
    const kept = Object.entries(optimizer.state())
    return Object.fromEntries(kept.map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
  } finally {
    tf.dispose([...gradients, ...copies.map(({ value }) => value as tf.Tensor)])
  }
}

function check(tensors: Tensors, name: string, form: Form | undefined, what: string): void {
  const found = tensors[name]
  const describe = (of: Form | undefined) => (of === undefined ? 'nothing.' : `${of.dtype} [${of.shape}].`)
  if (describe(found) !== describe(form)) refuse(what, describe(form), describe(found))
}

function refuse(what: string, expected: string, received: string): never {
  fail('E_CHECKPOINT_MISMATCH', {
    what: `The checkpoint does not fit ${what}.`,
    expected,
    received,
    fix: 'run without --resume to start anew: the model or the optimizer has changed, or the file was edited.',
  })
}
