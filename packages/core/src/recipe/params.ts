import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { type ParamGroup, type ScheduledGroup, trainedRoles } from '../params/param-groups.ts'
import type { Use } from '../plugin/define.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { checkDecay } from './check-decay.ts'
import { type Field, type Place, type Registered, type Written, written } from './field.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

type Role = NonNullable<ParamGroup['role']>[number]

/** A group of parameters: see `ParamGroup` and `ScheduledGroup`. `S` is how a schedule is named. */
export interface ParamGroupSpec<S> extends Omit<ScheduledGroup<S>, 'role' | 'freeze'> {
  readonly role?: Role | readonly Role[]
  readonly freeze?: boolean
}

type Groups<W extends Written> = readonly ParamGroupSpec<Use<Registered<W>, 'schedule'>>[]

export interface WrittenGroups extends Written {
  readonly base: Groups<this>
  readonly change: Groups<this>
  readonly stage: Groups<this>
}

/** A group of a normalised recipe. */
export type NormalGroup = ScheduledGroup<NormalUse>

/** The field `params` of a recipe: left out where no group changes anything. */
export const paramsField = {
  written: written<WrittenGroups>(),
  optional: true,
  stage: 'may',
  read(value: Json | undefined, at: Place): readonly NormalGroup[] | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) {
      at.refuse("a list of groups: [{ match: 'stage1/**', learningRate: 0.1 }]")
      return undefined
    }
    const groups = value.flatMap((group, index) => normalizeGroup(group, `${at.row} params[${index}]`, at) ?? [])
    return groups.length === 0 ? undefined : groups
  },
} satisfies Field

const groupKeys = ['match', 'role', 'learningRate', 'weightDecay', 'schedule', 'decaySchedule', 'freeze']

function normalizeGroup(group: Json, where: string, at: Place): NormalGroup | undefined {
  const { problems } = at
  if (!isObject(group) || typeof group.match !== 'string' || group.match === '') {
    problems.push(
      missing(where, 'match', "a pattern of paths, such as 'stage1/**'", isObject(group) ? group.match : group),
    )
    return undefined
  }
  checkKeys(group, groupKeys, where, problems)
  const { match, freeze = false } = group
  if (typeof freeze !== 'boolean') problems.push(missing(where, 'freeze', 'true or false', freeze))
  if (group.decaySchedule !== undefined) checkDecay(at, where)
  const normal: NormalGroup = {
    match,
    ...rolesOf(group, where, problems),
    ...factor(group, 'learningRate', where, problems),
    ...factor(group, 'weightDecay', where, problems),
    ...schedule(group, 'schedule', at),
    ...schedule(group, 'decaySchedule', at),
    ...(freeze === true ? { freeze: true } : {}),
  }
  const { match: _, role: __, freeze: frozen, ...training } = normal
  const trainsOtherwise = Object.keys(training).length > 0
  if (frozen === true && trainsOtherwise) {
    const expected = `no ${Object.keys(training).join(' or ')} beside it: a frozen group is not trained`
    problems.push(missing(where, 'freeze', expected, group))
  }
  return frozen === true || trainsOtherwise ? normal : undefined
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

/** A schedule of the group's own; left out where none is named. */
function schedule(group: JsonObject, key: 'schedule' | 'decaySchedule', { component }: Place) {
  const { [key]: value } = group
  if (value === undefined) return {}
  return { [key]: component('schedule', value) }
}
