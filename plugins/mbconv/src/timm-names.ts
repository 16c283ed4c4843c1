/**
 * timm's name of a parameter of EfficientNet: `stage2/block1/expand/weight` is `blocks.1.0.conv_pw.weight`. Undefined for
 * a path that timm's network does not have.
 */
export function timmNameOf(path: string): string | undefined {
  const outside = /^(stem|top|head)\/(conv|norm|linear)\/(\w+)$/.exec(path)
  if (outside !== null) {
    const [, place, part, leaf] = outside as unknown as [string, string, string, string]
    const module = outerParts[`${place}/${part}`]
    return module === undefined ? undefined : `${module}.${leafOf(leaf)}`
  }
  const inside = /^stage(\d+)\/block(\d+)\/(.+)\/(\w+)$/.exec(path)
  if (inside === null) return undefined
  const [, stage, block, part, leaf] = inside as unknown as [string, string, string, string, string]
  // The first stage has no expansion, so that timm's numbers of its norms begin one earlier.
  const module = (stage === '1' ? unexpandedParts : expandedParts)[part]
  if (module === undefined) return undefined
  return `blocks.${Number(stage) - 1}.${Number(block) - 1}.${module}.${leafOf(leaf)}`
}

const outerParts: Readonly<Record<string, string>> = {
  ...{
    'stem/conv': 'conv_stem',
    'stem/norm': 'bn1',
    'top/conv': 'conv_head',
    'top/norm': 'bn2',
    'head/linear': 'classifier',
  },
}
const gate = { 'squeeze/reduce': 'se.conv_reduce', 'squeeze/expand': 'se.conv_expand' }
const unexpandedParts: Readonly<Record<string, string>> = {
  ...gate,
  ...{ depthwise: 'conv_dw', depthwiseNorm: 'bn1', project: 'conv_pw', projectNorm: 'bn2' },
}
const expandedParts: Readonly<Record<string, string>> = {
  ...gate,
  ...{ expand: 'conv_pw', expandNorm: 'bn1', depthwise: 'conv_dw', depthwiseNorm: 'bn2' },
  ...{ project: 'conv_pwl', projectNorm: 'bn3' },
}

function leafOf(leaf: string): string {
  return { gamma: 'weight', beta: 'bias', mean: 'running_mean', variance: 'running_var' }[leaf] ?? leaf
}
