import type { Sampler, Stream } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

const options = {}

/**
 * Every class fills an equal share of an epoch, up to one image, whatever its size: a class of few images comes round
 * several times before one of many is through. An epoch has as many samples as there are. Of a class every image comes
 * once before any comes again.
 */
export const classBalanced = {
  doc: 'Shows every class equally often in an epoch: images of small classes come several times, of large ones not all.',
  options,
  create: (): Sampler => ({
    size: (available) => available,
    draw({ labels, classes, epoch, shuffle }, rng) {
      const members = classes.map((_, label) => positionsOf(labels, label)).filter(({ length }) => length > 0)
      const stream = rng.at('class-balanced', epoch)
      const order = stream.permutation(members.length)
      const rounds = members.map((positions) => createRounds(positions, stream))
      // One of each class after the other; the classes that get one more than the others are drawn.
      const drawn = Uint32Array.from({ length: labels.length }, (_, place) => rounds[order[place % order.length]!]!())
      if (!shuffle) return drawn.sort()
      return stream.permutation(drawn.length).map((place) => drawn[place]!)
    },
  }),
} satisfies Component<'sampler', typeof options>

function positionsOf(labels: ArrayLike<number>, label: number): number[] {
  const positions: number[] = []
  for (let i = 0; i < labels.length; i++) if (labels[i] === label) positions.push(i)
  return positions
}

/** One position after the other, in a new order each time round. */
function createRounds(positions: readonly number[], stream: Stream): () => number {
  let [order, next] = [new Uint32Array(), 0]
  return () => {
    if (next === order.length) [order, next] = [stream.permutation(positions.length) as Uint32Array<ArrayBuffer>, 0]
    return positions[order[next++]!]!
  }
}
