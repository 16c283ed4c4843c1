import { fail, type Stream } from '@tricklab/core'
import { previousInCycle } from '@tricklab/nn'

export const designs = ['4-cycles', 'none', '2-cycles', 'n-cycle', 'small-world'] as const
export type Design = (typeof designs)[number]

/** Groups in a meta-group of the small world: one cycle of `4-cycles`. */
const metaGroup = 4

export interface SmallWorld {
  /** Groups of its meta-group that every group reads. */
  readonly links: number
  /** Share of the links that lead to another meta-group instead. */
  readonly rewire: number
}

/**
 * Which input groups the output groups read: `links[l][g]` is one that group g reads.
 *
 * Cycles: group i reads the group before it in its cycle of n, 4, 2 or 1 groups, so every group is read once. `small-world`
 * after Watts and Strogatz: group i reads the `links` groups before it in its meta-group of four; then each of these links
 * is moved, with probability `rewire`, to a group of another meta-group that group i does not read yet. A single
 * meta-group has no other to link to.
 * @errors E_SHAPE when the number of groups is no multiple of the cycle
 * @paper none: forums.fast.ai/t/64806; rewiring: doi:10.1038/30918
 * @differs the thread sketches links between meta-groups without a rule; links of a paper's small world have no direction
 */
export function drawLinks(
  design: Design,
  groups: number,
  { links, rewire }: SmallWorld,
  stream: Stream,
): readonly (readonly number[])[] {
  const length = { none: 1, '2-cycles': 2, '4-cycles': 4, 'n-cycle': groups, 'small-world': metaGroup }[design]
  if (groups % length !== 0) {
    fail('E_SHAPE', {
      what: `The design "${design}" of permuted groups does not fit this number of groups.`,
      expected: `a multiple of ${length} groups.`,
      received: `${groups} groups.`,
      fix: 'choose another design, another size of the groups or another width of the model.',
    })
  }
  if (design !== 'small-world') return [previousInCycle(groups, length)]
  const local = Array.from({ length: links }, (_, link) => previousInCycle(groups, length, link + 1))
  return rewireLinks(local, rewire, stream)
}

function rewireLinks(local: readonly (readonly number[])[], rewire: number, stream: Stream): readonly number[][] {
  const links = local.map((sources) => [...sources])
  const groups = links[0]!.length
  for (let group = 0; group < groups; group++) {
    for (const sources of links) {
      const far = elsewhere(groups, group).filter((other) => links.every((read) => read[group] !== other))
      if (stream.uniform() < rewire && far.length > 0) sources[group] = far[stream.integer(far.length)]!
    }
  }
  return links
}

/** The groups outside the meta-group of `group`. */
function elsewhere(groups: number, group: number): number[] {
  const home = Math.floor(group / metaGroup)
  return Array.from({ length: groups }, (_, other) => other).filter((other) => Math.floor(other / metaGroup) !== home)
}
