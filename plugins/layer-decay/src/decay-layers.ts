import type { NamedParam } from '@tricklab/core'

/**
 * Learning rates that fall from the last layer to the first: `decay^(layers after it)` times what they were.
 *
 * A layer is what shares the first `depth` names of its paths, the last name, which is the parameter's own, left aside;
 * layers come in the order of their parameters. Tokens belong to the first layer: they are inputs, wherever they stand.
 * @paper arXiv:1801.06146; as the layer decay of arXiv:2106.08254
 */
export function decayLayers(params: readonly NamedParam[], decay: number, depth: number): NamedParam[] {
  const layerOf = ({ path }: NamedParam) => path.split('/').slice(0, -1).slice(0, depth).join('/')
  const layers = [...new Set(params.filter(({ role }) => role !== 'token').map(layerOf))]
  return params.map((param) => {
    const place = param.role === 'token' ? 0 : layers.indexOf(layerOf(param))
    const after = Math.max(0, layers.length - 1 - place)
    return { ...param, learningRate: (param.learningRate ?? 1) * decay ** after }
  })
}
