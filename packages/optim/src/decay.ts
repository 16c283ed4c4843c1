import { type NamedParam, opt } from '@tricklab/core'

export const decayOption = opt.boolean({
  default: true,
  doc: 'Whether weight decay also applies to biases, norms, learned scales and tokens, as in PyTorch.',
})

/** What is decayed beside weights: all other roles together, or biases by themselves; scales and tokens follow norms. */
export type DecayChoice =
  | { readonly decayNormAndBias: boolean }
  | { readonly decayNorm: boolean; readonly decayBias: boolean }

/** The weight decay of one parameter. */
export function decayOf(
  { role, weightDecay: factor = 1 }: NamedParam,
  options: { readonly weightDecay: number } & DecayChoice,
): number {
  const { decayNorm, decayBias } =
    'decayNormAndBias' in options
      ? { decayNorm: options.decayNormAndBias, decayBias: options.decayNormAndBias }
      : options
  const decayed = { weight: true, norm: decayNorm, scale: decayNorm, token: decayNorm, bias: decayBias, buffer: false }
  return decayed[role] ? options.weightDecay * factor : 0
}
