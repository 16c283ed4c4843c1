import { definePlugin, type Optimizer, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createMoments } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const options = {
  inner: opt.optimizer({ doc: 'The optimizer that takes the fast steps.' }),
  k: opt.integer({ min: 1, default: 5, unit: 'steps', doc: 'Fast steps between two steps of the slow weights.' }),
  alpha: opt.number({
    above: 0,
    max: 1,
    default: 0.5,
    unit: 'share',
    doc: 'Share of the way to the fast weights that the slow weights go; 1 switches lookahead off.',
  }),
}

/** Before the names of what the inner optimizer keeps: no path of a parameter begins with it. */
const inside = 'inner>'

/** The tensors under other names, without those that get none. */
function named(tensors: Tensors, rename: (name: string) => string | undefined): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) => {
      const other = rename(name)
      return other === undefined ? [] : [[other, tensor]]
    }),
  )
}

type Tensors = ReturnType<Optimizer['state']>

/**
 * Every k steps `slow ← slow + alpha · (fast − slow)` and `fast ← slow`; slow begins as the weights before the first step.
 * @paper arXiv:1907.08610
 */
function lookahead(inner: Optimizer, { k, alpha }: { readonly k: number; readonly alpha: number }): Optimizer {
  const slow = createMoments<'slow'>()
  return {
    ...inner,
    together: true,
    async step(params, gradients, hyper, step, again) {
      if (step === 1) for (const { path, value } of params) slow.set(path, 'slow', tf.clone(value as tf.Tensor))
      await inner.step(params, gradients, hyper, step, again)
      if (step % k !== 0) return
      for (const { path, value } of params) {
        const before = slow.get(path, 'slow', value.shape)
        const next = tf.tidy(() => tf.add(before, tf.mul(tf.sub(value, before), alpha)))
        value.assign(next)
        slow.set(path, 'slow', next)
      }
    },
    state: () => ({ ...named(inner.state(), (name) => inside + name), ...slow.state() }),
    restore(state) {
      const isInner = (name: string) => name.startsWith(inside)
      inner.restore(named(state, (name) => (isInner(name) ? name.slice(inside.length) : undefined)))
      slow.restore(named(state, (name) => (isInner(name) ? undefined : name)))
    },
    dispose() {
      slow.dispose()
      inner.dispose()
    },
  }
}

export default definePlugin({
  name: 'lookahead',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1907.08610',
  register: (on) =>
    on.optimizer('lookahead', {
      doc: 'Lets another optimizer run ahead for some steps, and then goes only a part of its way.',
      options,
      create: ({ inner: use, ...rest }, { create }) => lookahead(create('optimizer', use, {}), rest),
    }),
})
