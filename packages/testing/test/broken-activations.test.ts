/** Activations that break one promise each. */
import { type Activation, definePlugin, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { checkActivation } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

const plugin = (change: (good: Activation) => Activation = (good) => good) =>
  definePlugin({
    name: 'activations',
    core: '^0.1.0',
    register: (on) =>
      on.activation('soft', {
        doc: 'An activation.',
        options: { scale: opt.number({ above: 0, default: 1, doc: 'Factor.' }) },
        create: ({ scale }) => change({ apply: (x) => tf.mul(tf.softplus(x), scale) as typeof x }),
      }),
  })

const broken = (breakage: string, check: string, message: RegExp, apply: (x: tf.Tensor4D) => tf.Tensor): Broken => ({
  breakage,
  check,
  message,
  plugin: plugin(() => ({ apply: (x) => apply(x) as tf.Tensor4D })),
})

const leaked: tf.Tensor[] = []

describeBroken(
  { plugin: plugin(), name: 'soft' },
  (spec, only) => checkActivation({ ...spec, reference: (x) => Math.log1p(Math.exp(x)) }, only),
  [
    broken('flattens', 'shapes are kept', /^images \[2,1,1,1\] became \[2\]$/, (x) => tf.reshape(x, [-1])),
    broken('depends on the neighbours', 'every value is mapped by itself', /numbers differ$/, (x) => tf.cumsum(x, 2)),
    broken('is another function', 'values are those of the reference', /^f\(.*the reference gives/, (x) => tf.relu(x)),
    broken('overflows', 'values and slopes are finite up to 1e4', /^the output is not finite/, (x) =>
      tf.log(tf.add(tf.exp(x), 1)),
    ),
    broken('has the slope of another', 'the gradient is the slope', /^the gradient at .* is 0/, (x) =>
      tf.customGrad((input) => ({
        value: tf.softplus(input as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
      }))(x),
    ),
    broken('disposes of its input', 'inputs are left as they were', /disposed of$/, (x) => {
      const y = tf.softplus(x)
      x.dispose()
      return y
    }),
    broken('keeps a tensor', 'no tensor is left over', /^after a value: 1 tensor is left/, (x) => {
      leaked.push(tf.keep(tf.scalar(1)))
      return tf.softplus(x)
    }),
  ],
)
