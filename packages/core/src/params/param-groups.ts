import type { NamedParam } from '../contracts.ts'
import { failAll, type Problem } from '../errors/index.ts'

/** Roles of parameters that are trained. */
export const trainedRoles = ['weight', 'bias', 'norm', 'scale', 'token'] as const

/** Parameters that are trained in another way than the others, as a recipe names them. */
export interface ParamGroup {
  /** A path, with all that is below it: `*` stands for any part of a name, `**` for any number of names. */
  readonly match: string
  /** Those of the matched that have one of these roles; absent: all of them. */
  readonly role?: readonly (typeof trainedRoles)[number][]
  /** Multiplies the schedule's learning rate. Absent: 1. */
  readonly learningRate?: number
  /** Multiplies the optimizer's weight decay. Absent: 1. */
  readonly weightDecay?: number
  /** Not trained at all: no gradient, no decay. Running statistics go on. */
  readonly freeze?: true
}

/** A group whose factors change over the training, as the schedules `S` say. */
export interface ScheduledGroup<S> extends ParamGroup {
  /** Goes from `learningRate` on, and multiplies the rate that the schedule of all has. Its momentum is not used. */
  readonly schedule?: S
  /** Goes from `weightDecay` on, and multiplies the optimizer's weight decay. */
  readonly decaySchedule?: S
}

/**
 * The parameters with what their groups say of them.
 * @param place where in the recipe, for messages
 * @errors E_PARAMS when a group matches nothing, two match one parameter, or nothing is left to train
 */
export function groupParams(
  params: readonly NamedParam[],
  groups: readonly ParamGroup[],
  place = 'the recipe',
): NamedParam[] {
  const problems: Problem[] = []
  const matched = groups.map((group) => params.filter((param) => isInGroup(group, param)))
  for (const [index, { match }] of groups.entries()) {
    if (matched[index]!.length > 0) continue
    problems.push({
      code: 'E_PARAMS',
      what: `${place}: the group "${match}" of \`params\` matches no parameter of the model.`,
      expected: `a path such as ${firstNames(params)
        .map((name) => `"${name}/**"`)
        .join(', ')}, and a role that is there.`,
      received: `"${match}".`,
      fix: 'run `lab summary` on the row to see its layers.',
    })
  }
  const result = params.map((param): NamedParam => {
    const own = groups.filter((_, index) => matched[index]!.includes(param))
    if (own.length > 1) {
      problems.push({
        code: 'E_PARAMS',
        what: `${place}: ${own.length} groups of \`params\` match the parameter "${param.path}".`,
        expected: 'one group at most for every parameter.',
        received: `${own.map(({ match }) => `"${match}"`).join(', ')}.`,
        fix: 'narrow one of them, by its path or by `role`.',
      })
    }
    const { learningRate, weightDecay, freeze } = own[0] ?? {}
    return {
      ...param,
      ...(learningRate === undefined ? {} : { learningRate }),
      ...(weightDecay === undefined ? {} : { weightDecay }),
      ...(freeze === undefined ? {} : { frozen: freeze }),
    }
  })
  // A model may have nothing to train by itself.
  if (result.some(({ frozen }) => frozen) && result.every(({ role, frozen }) => role === 'buffer' || frozen)) {
    problems.push({
      code: 'E_PARAMS',
      what: `${place}: the groups of \`params\` freeze every parameter, so nothing is trained.`,
      expected: 'at least one parameter that is trained.',
      received: `${groups.map(({ match }) => `"${match}"`).join(', ')} frozen.`,
      fix: 'leave the last layers out of the frozen groups.',
    })
  }
  // Two groups that overlap do so in many parameters; one of them tells enough.
  const seen = new Set<string>()
  failAll(problems.filter(({ received }) => !seen.has(received!) && seen.add(received!)))
  return result
}

/** Whether a group has a parameter. */
export function isInGroup({ match, role }: ParamGroup, param: NamedParam): boolean {
  if (param.role === 'buffer' || role?.includes(param.role) === false) return false
  return matchesPath(match, param.path)
}

/** Whether a path fits a pattern, or is below one that does: `*` is any part of a name, `**` any number of names. */
export function matchesPath(pattern: string, path: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  const source = escaped.replace(/\*\*|\*/g, (stars) => (stars === '**' ? '.*' : '[^/]*'))
  return new RegExp(`^${source}(/.*)?$`).test(path)
}

/** The first of the names that paths begin with. */
const firstNames = (params: readonly NamedParam[]) =>
  [...new Set(params.map(({ path }) => path.split('/')[0]!))].slice(0, 4)
