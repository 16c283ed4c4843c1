/** Samplers that break one promise each. */
import { definePlugin, opt, type Sampler } from '@tricklab/core'
import { checkSampler, type SamplerSpec } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

/** Every third sample, from a place that is drawn. */
const createSampler = (step: number): Sampler => ({
  size: (available) => Math.ceil(available / step),
  draw({ labels: { length }, epoch, shuffle }, rng) {
    const start = shuffle ? rng.at('thirds', epoch).integer(length) : 0
    return Array.from({ length: Math.ceil(length / step) }, (_, i) => (start + i * step) % length)
  },
})

const plugin = (change: (good: Sampler) => Sampler = (good) => good) =>
  definePlugin({
    name: 'samplers',
    core: '^0.1.0',
    register: (on) =>
      on.sampler('thirds', {
        doc: 'A sampler.',
        options: { step: opt.integer({ min: 1, default: 3, doc: 'Step.' }) },
        create: ({ step }) => change(createSampler(step)),
      }),
  })

const broken = (breakage: string, check: string, message: RegExp, change: (good: Sampler) => Sampler): Broken => ({
  breakage,
  check,
  message,
  plugin: plugin(change),
})

const size = 'the size is a whole number from 1, and the same whenever it is asked for'
const positions = 'an epoch has as many positions as the size says, each of a sample that is there'
const before = 'an epoch is the same whatever was drawn before it'
const differ = 'with `shuffle`, epochs and seeds differ; without it and where nothing is random, epochs are equal'
let calls = 0

const spec: SamplerSpec = { plugin: plugin(), name: 'thirds', fixed: true }

describeBroken(spec, checkSampler, [
  broken('has a size that is no whole number', size, /size is 0\.333/, (good) => ({ ...good, size: (of) => of / 3 })),
  broken('visits nothing', size, /size is 0 of 1/, (good) => ({ ...good, size: (of) => Math.floor(of / 3) })),
  broken('has another size each time', size, /and then another/, (good) => ({
    ...good,
    size: () => 1 + (calls++ % 2),
  })),
  broken('draws more than it says', positions, /positions are drawn; size says/, (good) => ({
    ...good,
    draw: (split, rng) => [...Array.from(good.draw(split, rng)), 0],
  })),
  broken('draws a sample that is not there', positions, /position \d+ is drawn of/, (good) => ({
    ...good,
    draw: (split, rng) => Array.from(good.draw(split, rng), () => split.labels.length),
  })),
  broken('goes on where the last epoch ended', before, /epoch 3 is another/, (good) => {
    let drawn = 0
    return { ...good, draw: (split, rng) => good.draw({ ...split, epoch: drawn++ }, rng) }
  }),
  broken('draws every epoch alike', differ, /two epochs visit the same/, (good) => ({
    ...good,
    draw: (split, rng) => good.draw({ ...split, epoch: 0 }, rng),
  })),
  broken('does not look at the seed', differ, /two seeds give the same/, (good) => ({
    ...good,
    draw: ({ labels: { length }, epoch }) => Array.from({ length: good.size(length) }, (_, i) => (i + epoch) % length),
  })),
  broken('does not look at shuffle', differ, /differ without `shuffle`/, (good) => ({
    ...good,
    draw: (split, rng) => good.draw({ ...split, shuffle: true }, rng),
  })),
  broken('changes the labels', 'labels stay as they are', /labels are changed/, (good) => ({
    ...good,
    draw(split, rng) {
      ;(split.labels as number[])[0] = 2
      return good.draw(split, rng)
    },
  })),
])
