import { type Activation, type Block, type BlockContext, fail, type OptionValues, opt } from '@tricklab/core'
import {
  activated,
  createSqueezeExcite,
  createSwappable,
  expectKept,
  reluActivation,
  type SqueezeExciteSpec,
  swishActivation,
} from '@tricklab/nn'
import { hiddenWidth, widthRules } from './hidden-width.ts'

export const options = {
  reduction: opt.number({ min: 1, default: 16, doc: 'Number of channels divided by the width of the hidden layer.' }),
  width: opt.choice(widthRules, {
    default: 'timm',
    doc: 'The rounding rule for the width of the hidden layer, as in `timm`, `fastai`, `keras` or `efficientnet`.',
  }),
  form: opt.choice(['conv', 'linear'], {
    default: 'conv',
    doc: 'Computes the gate by two 1 × 1 convolutions (`conv`) or two linear layers (`linear`); both give the same numbers.',
  }),
  activation: opt.choice(['relu', 'swish', 'skeleton'], {
    default: 'relu',
    doc: 'Activation of the hidden layer: `relu`, `swish`, or that of the model (`skeleton`), as in fastai.',
  }),
}

/**
 * Squeeze-and-excitation: `x ⊙ σ(W₂ φ(W₁ mean(x) + b₁) + b₂)`.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE when asked to change channels or size; E_OPTION_RANGE where the rule leaves no width
 * @paper arXiv:1709.01507
 * @differs the paper has linear maps, ratio 16 and no rounding: `form: 'linear', width: 'keras'`
 */
export function createSe(values: OptionValues<typeof options>, context: BlockContext): Block {
  expectKept('Squeeze-and-excitation', context, [1])
  const { reduction, width, form } = values
  const { inputChannels: channels, slots, init } = context
  const hidden = hiddenWidth(channels, reduction, width)
  if (hidden === 0) {
    fail('E_OPTION_RANGE', {
      what: `block "se": width "${width}" leaves nothing of ${channels} channels.`,
      expected: `at least ${reduction} channels, or a smaller reduction.`,
      received: `reduction ${reduction}.`,
      fix: 'use width "timm" or "efficientnet", which never round down to 0.',
    })
  }
  const activation = activationOf(values.activation, context)
  const swap: SqueezeExciteSpec['swap'] = (window, original) =>
    createSwappable(slots, { ...window, activate: false }, original)
  return activated(createSqueezeExcite({ channels, hidden, activation, form, init, swap }), context)
}

function activationOf(name: 'relu' | 'swish' | 'skeleton', { activation = reluActivation }: BlockContext): Activation {
  if (name === 'skeleton') return activation
  return name === 'swish' ? swishActivation : reluActivation
}
