import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { type ParamGroup, trainedRoles } from '../param-groups.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

/** The groups of parameters of a recipe; none where it names none, or none that changes anything. */
export function normalizeParams(value: Json | undefined, where: string, problems: Problem[]): readonly ParamGroup[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.push(missing(where, 'params', "a list of groups: [{ match: 'stage1/**', learningRate: 0.1 }]", value))
    return []
  }
  return value.flatMap((group, index) => normalizeGroup(group, `${where} params[${index}]`, problems) ?? [])
}

const groupKeys = ['match', 'role', 'learningRate', 'weightDecay', 'freeze']

function normalizeGroup(group: Json, where: string, problems: Problem[]): ParamGroup | undefined {
  if (!isObject(group) || typeof group.match !== 'string' || group.match === '') {
    problems.push(
      missing(where, 'match', "a pattern of paths, such as 'stage1/**'", isObject(group) ? group.match : group),
    )
    return undefined
  }
  checkKeys(group, groupKeys, where, problems)
  const { match, freeze = false } = group
  if (typeof freeze !== 'boolean') problems.push(missing(where, 'freeze', 'true or false', freeze))
  const normal: ParamGroup = {
    match,
    ...rolesOf(group, where, problems),
    ...factor(group, 'learningRate', where, problems),
    ...factor(group, 'weightDecay', where, problems),
    ...(freeze === true ? { freeze: true } : {}),
  }
  const { learningRate, weightDecay } = normal
  if (normal.freeze === true && (learningRate ?? weightDecay) !== undefined) {
    problems.push(
      missing(where, 'freeze', 'no learningRate or weightDecay beside it: a frozen group is not trained', group),
    )
  }
  return (normal.freeze ?? learningRate ?? weightDecay) === undefined ? undefined : normal
}

function rolesOf({ role }: JsonObject, where: string, problems: Problem[]): Pick<ParamGroup, 'role'> {
  if (role === undefined) return {}
  const roles = Array.isArray(role) ? role : [role]
  const known = (trainedRoles as readonly Json[]).filter((one) => roles.includes(one))
  if (known.length === roles.length && roles.length > 0) return { role: known as ParamGroup['role'] & object }
  problems.push(missing(where, 'role', `one or more of ${trainedRoles.join(', ')}`, role))
  return {}
}

/** A factor from 0; left out where it is 1. */
function factor(group: JsonObject, key: 'learningRate' | 'weightDecay', where: string, problems: Problem[]) {
  const { [key]: value = 1 } = group
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value === 1 ? {} : { [key]: value }
  problems.push(missing(where, key, 'a factor from 0', value))
  return {}
}
