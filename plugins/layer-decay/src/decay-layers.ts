import type { NamedParam } from '@tricklab/core'

/**
 * Learning rates that fall from the last layer to the first: `decay^(layers after it)` times what they were.
 *
 * A layer is what shares the first `depth` names of its paths; layers come in the order of their parameters.
 * @paper arXiv:1801.06146; as the layer decay of arXiv:2106.08254
 */
export function decayLayers(params: readonly NamedParam[], decay: number, depth: number): NamedParam[] {
  const layerOf = ({ path }: NamedParam) => path.split('/').slice(0, depth).join('/')
  const layers = [...new Set(params.map(layerOf))]
  return params.map((param) => {
    const after = layers.length - 1 - layers.indexOf(layerOf(param))
    return { ...param, learningRate: (param.learningRate ?? 1) * decay ** after }
  })
}
