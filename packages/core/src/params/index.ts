import type { NamedParam, Param, ParamTree } from '../contracts.ts'

export { byRate } from './by-rate.ts'
export { groupParams, matchesPath, type ParamGroup, type ScheduledGroup } from './param-groups.ts'

/** All parameters of a tree with their paths, depth first in the tree's own order. */
export function listParams(tree: ParamTree, prefix = ''): NamedParam[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    const path = prefix === '' ? name : `${prefix}/${name}`
    return isParam(node) ? [{ path, value: node.value, role: node.role }] : listParams(node, path)
  })
}

/** Parameters with a gradient: all but buffers and those that are frozen. */
export function trainable(params: readonly NamedParam[]): NamedParam[] {
  return params.filter((param) => param.role !== 'buffer' && param.frozen !== true)
}

/** Number of trainable scalars below a tree. */
export function countParams(tree: ParamTree): number {
  return trainable(listParams(tree)).reduce((sum, param) => sum + param.value.size, 0)
}

/** Disposes of every variable of a tree. */
export function disposeParams(tree: ParamTree): void {
  for (const param of listParams(tree)) param.value.dispose()
}

function isParam(node: Param | ParamTree): node is Param {
  return 'role' in node && typeof node.role === 'string'
}
