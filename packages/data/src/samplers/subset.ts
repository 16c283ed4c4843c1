import { opt, type Sampler } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

const options = {
  share: opt.number({
    above: 0,
    max: 1,
    unit: 'share of the images',
    doc: 'Share of the training images that is used, drawn once for each seed; every class keeps its share, up to one image.',
  }),
}

/** A part of the images, the same in every epoch: max(1, round(share · n)) of n, of every class in proportion. */
export const subset = {
  doc: 'Trains with a part of the images only, the same in every epoch.',
  options,
  create({ share }): Sampler {
    const size = (available: number) => Math.max(1, Math.round(share * available))
    return {
      size,
      draw({ labels, epoch, shuffle }, rng) {
        const { length } = labels
        const count = size(length)
        // Images at equal distances of a random order that is sorted by class: every class in proportion.
        const mixed = Array.from(rng.at('subset').permutation(length)).sort((a, b) => labels[a]! - labels[b]!)
        const chosen = Uint32Array.from({ length: count }, (_, i) => mixed[Math.floor((i * length) / count)]!).sort()
        return shuffle
          ? rng
              .at('shuffle', epoch)
              .permutation(count)
              .map((place) => chosen[place]!)
          : chosen
      },
    }
  },
} satisfies Component<'sampler', typeof options>
