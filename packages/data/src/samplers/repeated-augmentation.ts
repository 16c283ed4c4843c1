import { opt, type Sampler } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

const options = {
  repeats: opt.integer({
    min: 1,
    default: 3,
    unit: 'times',
    doc: 'How often an image comes in a row, each time cropped and augmented anew; 1 is off.',
  }),
}

/**
 * Every image comes several times in a row, with other crops: its views share a batch. An epoch has as many samples as
 * there are, so it visits n / repeats of the n images.
 * @paper arXiv:1901.09335, as used in arXiv:2012.12877
 * @differs the views of an image are in one batch, not on several devices
 */
export const repeatedAugmentation = {
  doc: 'Shows several crops of an image in one batch, and fewer images in an epoch.',
  options,
  create: ({ repeats }): Sampler => ({
    size: (available) => available,
    draw({ labels: { length }, epoch, shuffle }, rng) {
      const order = shuffle ? rng.at('shuffle', epoch).permutation(length) : undefined
      return Uint32Array.from({ length }, (_, place) => {
        const image = Math.floor(place / repeats)
        return order?.[image] ?? image
      })
    },
  }),
} satisfies Component<'sampler', typeof options>
