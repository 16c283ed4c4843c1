/** timm's name of a leaf: norms have weight and bias there, and running statistics. */
export function timmLeafOf(leaf: string): string {
  return { gamma: 'weight', beta: 'bias', mean: 'running_mean', variance: 'running_var' }[leaf] ?? leaf
}
