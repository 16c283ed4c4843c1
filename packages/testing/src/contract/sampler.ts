import { createRng, type Sampler } from '@tricklab/core'
import type { SampledSplit } from '@tricklab/core/contracts'
import fc from 'fast-check'
import { seeds } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, show } from './spec.ts'

export interface SamplerSpec extends ComponentSpec {
  /** Classes of the samples that it is tried with; default 3. */
  readonly classes?: number
  /** True where every epoch visits the same samples: with `shuffle` off, epochs are then equal. */
  readonly fixed?: boolean
}

/** Runs the contract of a sampler; the problems found, none for a sound one. */
export async function checkSampler(spec: SamplerSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(samplerChecks, spec, selection)
}

export const samplerChecks: readonly Check<SamplerSpec>[] = [
  ...optionChecks<SamplerSpec>('sampler', async (spec, registry, use) => {
    const sampler = registry.create('sampler', use, {})
    const split = splitOf(labelsOf(40, classesOf(spec)), spec)
    return show([1, 2, 3].map((seed) => [...Array.from(sampler.draw(split, createRng(seed)))]))
  }),
  {
    name: 'the size is a whole number from 1, and the same whenever it is asked for',
    run: (spec) =>
      forSamplers(spec, (sampler) => {
        for (const available of [1, 2, 3, 7, 100, 9025]) {
          const size = sampler.size(available)
          if (!Number.isSafeInteger(size) || size < 1) violate(`the size is ${size} of ${available} samples`)
          if (sampler.size(available) !== size) violate(`the size of ${available} samples is ${size}, and then another`)
        }
      }),
  },
  {
    name: 'an epoch has as many positions as the size says, each of a sample that is there',
    run: (spec) =>
      forDraws(spec, (sampler, split, seed) => {
        const positions = Array.from(sampler.draw(split, createRng(seed)))
        const available = split.labels.length
        const size = sampler.size(available)
        if (positions.length !== size) violate(`${positions.length} positions are drawn; size says ${size}`)
        const odd = positions.find((at) => !Number.isInteger(at) || at < 0 || at >= available)
        if (odd !== undefined) violate(`position ${odd} is drawn of ${available} samples`)
      }),
  },
  {
    name: 'an epoch is the same whatever was drawn before it',
    run: (spec) =>
      forSamplers(spec, (sampler, another) => {
        const split = splitOf(labelsOf(50, classesOf(spec)), spec)
        for (const shuffle of [true, false]) {
          const wanted = drawn(another(), { ...split, shuffle, epoch: 3 }, 5)
          for (const epoch of [0, 1, 2]) drawn(sampler, { ...split, shuffle, epoch }, 5)
          for (const again of [
            drawn(sampler, { ...split, shuffle, epoch: 3 }, 5),
            drawn(sampler, { ...split, shuffle, epoch: 3 }, 5),
          ])
            if (again !== wanted) violate('epoch 3 is another after epochs 0, 1 and 2 than at first')
        }
      }),
  },
  {
    name: 'with `shuffle`, epochs and seeds differ; without it and where nothing is random, epochs are equal',
    run: (spec) =>
      forSamplers(spec, (sampler) => {
        const split = splitOf(labelsOf(200, classesOf(spec)), spec)
        const epochs = [0, 1].map((epoch) => drawn(sampler, { ...split, epoch, shuffle: true }, 5))
        if (epochs[0] === epochs[1]) violate('two epochs visit the same samples in the same order')
        if (drawn(sampler, { ...split, shuffle: true }, 6) === epochs[0]) violate('two seeds give the same epoch')
        const still = [0, 1].map((epoch) => drawn(sampler, { ...split, epoch, shuffle: false }, 5))
        if (spec.fixed === true && still[0] !== still[1]) violate('two epochs differ without `shuffle`')
      }),
  },
  {
    name: 'labels stay as they are',
    run: (spec) =>
      forSamplers(spec, (sampler) => {
        const labels = labelsOf(60, classesOf(spec))
        const before = show([...labels])
        sampler.draw(splitOf(labels, spec), createRng(1))
        if (show([...labels]) !== before) violate('the labels are changed')
      }),
  },
]

const classesOf = ({ classes = 3 }: SamplerSpec) => classes

const drawn = (sampler: Sampler, split: SampledSplit, seed: number): string =>
  show([...Array.from(sampler.draw(split, createRng(seed)))])

/** Every class has images, the first many more than the last. */
const labelsOf = (count: number, classes: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) =>
    i < classes ? i : Math.floor((i * i * 7) / count) % (1 + (i % classes)),
  )

const splitOf = (labels: ArrayLike<number>, spec: SamplerSpec): SampledSplit => ({
  labels,
  classes: Array.from({ length: classesOf(spec) }, (_, index) => `class ${index}`),
  epoch: 0,
  shuffle: true,
})

async function forSamplers(
  spec: SamplerSpec,
  body: (sampler: Sampler, another: () => Sampler) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'sampler', (registry, use) => {
    const create = () => registry.create('sampler', use, {})
    return body(create(), create)
  })
}

async function forDraws(
  spec: SamplerSpec,
  body: (sampler: Sampler, split: SampledSplit, seed: number) => void,
): Promise<void> {
  const count = classesOf(spec)
  const labels = fc.array(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 60 })
  await forSamplers(spec, (sampler) =>
    forAll(fc.tuple(labels, fc.nat(20), fc.boolean(), seeds), 60, ([some, epoch, shuffle, seed]) => {
      // A weight of 0 may leave out a class, but not all of them.
      const all = [...Array.from({ length: count }, (_, label) => label), ...some]
      body(sampler, { ...splitOf(all, spec), epoch, shuffle }, seed)
    }),
  )
}
