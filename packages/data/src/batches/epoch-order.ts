import { type Dataset, fail, type Rng, type Sampler } from '@tricklab/core'

/** The positions that an epoch of training visits. */
export interface EpochOrder {
  readonly positions: ArrayLike<number> | undefined
  /** How often an image of a position came before in the epoch; absent where every one comes once. */
  readonly repeats?: Uint32Array
}

export interface Sampling {
  /** How many samples an epoch visits. */
  readonly size: number
  order(epoch: number): EpochOrder
}

/** Every sample once, in a new order each epoch where that is wanted: keyed by `rng.at('shuffle', epoch)`. */
export const plainSampling = (available: number, shuffle: boolean, rng: Rng): Sampling => ({
  size: available,
  order: (epoch) => ({ positions: shuffle ? rng.at('shuffle', epoch).permutation(available) : undefined }),
})

/**
 * What a sampler chooses. Its first epoch is drawn at once: what does not fit is told before the first step.
 * @param index of the dataset at a position among those available
 * @errors E_COMPONENT for a sampler that breaks its contract, and those of the sampler
 */
export async function sampledBy(
  sampler: Sampler,
  dataset: Dataset,
  { available, shuffle, index }: { readonly available: number; readonly shuffle: boolean; index(at: number): number },
  rng: Rng,
): Promise<Sampling> {
  const size = sampler.size(available)
  if (!Number.isInteger(size) || size < 1) refuse('a whole number of samples from 1', `${size}`)
  const labels = await readLabels(dataset, available, index)
  const order = (epoch: number): EpochOrder => {
    const positions = sampler.draw({ labels, classes: dataset.classes, epoch, shuffle }, rng)
    checkPositions(positions, size, available)
    return { positions, repeats: countRepeats(positions, available) }
  }
  order(0)
  return { size, order }
}

async function readLabels(dataset: Dataset, available: number, index: (at: number) => number): Promise<Uint32Array> {
  const labels = new Uint32Array(available)
  for (let at = 0; at < available; at++) {
    const place = index(at)
    const known = dataset.photo?.('train', place) ?? dataset.readSync?.('train', place)
    labels[at] = (known ?? (await dataset.read('train', place))).label
  }
  return labels
}

function checkPositions(positions: ArrayLike<number>, size: number, available: number): void {
  if (positions.length !== size) refuse(`${size} positions, as its size says`, `${positions.length}`)
  for (let i = 0; i < size; i++) {
    const position = positions[i]!
    if (Number.isInteger(position) && position >= 0 && position < available) continue
    refuse(`positions from 0 to ${available - 1}`, `${position}`)
  }
}

function refuse(expected: string, received: string): never {
  return fail('E_COMPONENT', {
    what: 'The sampler of the recipe does not keep its contract.',
    expected: `${expected}.`,
    received: `${received}.`,
    fix: 'report it to the author of its plugin; the contract suite of samplers finds it.',
  })
}

function countRepeats(positions: ArrayLike<number>, available: number): Uint32Array {
  const seen = new Uint32Array(available)
  return Uint32Array.from({ length: positions.length }, (_, i) => seen[positions[i]!]!++)
}
