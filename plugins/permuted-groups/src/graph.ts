/** What the links between groups make of them, read as a graph without directions; a link of a group to itself is none. */
export interface GraphMeasures {
  /** Mean over the groups of the share of pairs of neighbours that are neighbours themselves; 0 below two neighbours. */
  readonly clustering: number
  /** Mean number of links between two groups, over the pairs that are connected; undefined where none are. */
  readonly pathLength: number | undefined
  /** Share of the pairs that are connected. */
  readonly connected: number
  /** Groups of groups that are connected among themselves. */
  readonly components: number
  /** Pairs that are linked. */
  readonly edges: number
}

/**
 * Clustering coefficient and average path length of Watts and Strogatz.
 * @paper doi:10.1038/30918
 * @differs unconnected pairs are left out of the path length and counted beside it
 */
export function measureGraph(links: readonly (readonly number[])[]): GraphMeasures {
  const neighbours = neighboursOf(links)
  const distances = neighbours.map((_, start) => distancesFrom(neighbours, start))
  const reached = distances.flatMap((row, start) => row.filter((distance, end) => end > start && distance !== Infinity))
  const pairs = (neighbours.length * (neighbours.length - 1)) / 2
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    clustering: sum(neighbours.map((_, group) => clusteringAt(neighbours, group))) / neighbours.length,
    pathLength: reached.length === 0 ? undefined : sum(reached) / reached.length,
    connected: pairs === 0 ? 1 : reached.length / pairs,
    components: distances.filter((row, start) => row.every((distance, end) => end >= start || distance === Infinity))
      .length,
    edges: sum(neighbours.map((near) => near.size)) / 2,
  }
}

function neighboursOf(links: readonly (readonly number[])[]): readonly Set<number>[] {
  const neighbours = links[0]!.map(() => new Set<number>())
  for (const sources of links) {
    for (const [group, source] of sources.entries()) {
      if (group === source) continue
      neighbours[group]!.add(source)
      neighbours[source]!.add(group)
    }
  }
  return neighbours
}

function clusteringAt(neighbours: readonly Set<number>[], group: number): number {
  const near = [...neighbours[group]!]
  if (near.length < 2) return 0
  const linked = near.flatMap((a, index) => near.slice(index + 1).filter((b) => neighbours[a]!.has(b)))
  return linked.length / ((near.length * (near.length - 1)) / 2)
}

/** Breadth first; Infinity where no path leads. */
function distancesFrom(neighbours: readonly Set<number>[], start: number): number[] {
  const distances = neighbours.map((_, group) => (group === start ? 0 : Infinity))
  let border = [start]
  for (let distance = 1; border.length > 0; distance++) {
    border = border.flatMap((group) => [...neighbours[group]!].filter((other) => distances[other] === Infinity))
    for (const group of border) distances[group] = distance
  }
  return distances
}
