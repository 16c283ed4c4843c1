import { type NamedParam, opt } from '@tricklab/core'

export const decayOption = opt.boolean({
  default: true,
  doc: 'Also decay biases and the scale and shift of norms, as PyTorch does.',
})

/** The weight decay of one parameter. */
export function decayOf(
  { role }: NamedParam,
  { weightDecay, decayNormAndBias }: { weightDecay: number; decayNormAndBias: boolean },
): number {
  return role === 'weight' || decayNormAndBias ? weightDecay : 0
}
