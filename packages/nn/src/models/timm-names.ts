/** timm's name of a leaf: norms have weight and bias there, and running statistics. */
export function timmLeafOf(leaf: string): string {
  return { gamma: 'weight', beta: 'bias', mean: 'running_mean', variance: 'running_var' }[leaf] ?? leaf
}

/**
 * timm's name of a parameter of xresnet, which is its ResNet-D (`resnet18d`, `resnet50d`, …): `stage2/block1/shortcut/conv/weight`
 * is `layer2.0.downsample.1.weight`. Undefined for a path that timm's network does not have.
 */
export function timmXresnetNameOf(path: string): string | undefined {
  const places = path.split('/')
  const leaf = timmLeafOf(places.pop()!)
  const place = places.join('/')
  const inside = /^stage(\d+)\/block(\d+)\/(.+)$/.exec(place)
  const module = inside === null ? outerPart(place) : innerPart(inside[3]!)
  if (module === undefined) return undefined
  const prefix = inside === null ? '' : `layer${inside[1]}.${Number(inside[2]) - 1}.`
  return `${prefix}${module}.${leaf}`
}

/** The stem's convolutions and norms are one sequence with activations between them; the last norm stands outside. */
const outerParts: Readonly<Record<string, string>> = {
  'stem/1/conv': 'conv1.0',
  'stem/1/norm': 'conv1.1',
  'stem/2/conv': 'conv1.3',
  'stem/2/norm': 'conv1.4',
  'stem/3/conv': 'conv1.6',
  'stem/3/norm': 'bn1',
  'head/linear': 'fc',
}

const outerPart = (place: string): string | undefined => outerParts[place]

function innerPart(place: string): string | undefined {
  const [, part, index] = /^(conv|norm)(\d)$/.exec(place) ?? []
  if (part !== undefined) return `${part === 'conv' ? 'conv' : 'bn'}${index}`
  // Place 0 is the pool, also where there is none.
  return { 'shortcut/conv': 'downsample.1', 'shortcut/norm': 'downsample.2' }[place]
}
