import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { type ParamGroup, trainedRoles } from '../params/param-groups.ts'
import { type Field, type Place, type Plain, written } from './field.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

type Role = NonNullable<ParamGroup['role']>[number]

/** A group of parameters: see `ParamGroup`. */
export interface ParamGroupSpec extends Omit<ParamGroup, 'role' | 'freeze'> {
  readonly role?: Role | readonly Role[]
  readonly freeze?: boolean
}

/** The field `params` of a recipe: left out where no group changes anything. */
export const paramsField = {
  written: written<Plain<readonly ParamGroupSpec[]>>(),
  optional: true,
  stage: 'may',
  read(value: Json | undefined, { row, problems, refuse }: Place): readonly ParamGroup[] | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) {
      refuse("a list of groups: [{ match: 'stage1/**', learningRate: 0.1 }]")
      return undefined
    }
    const groups = value.flatMap((group, index) => normalizeGroup(group, `${row} params[${index}]`, problems) ?? [])
    return groups.length === 0 ? undefined : groups
  },
} satisfies Field

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
