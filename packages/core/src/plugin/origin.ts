import { fail, failOutOfMemory, isFailedAllocation, TricklabError } from '../errors/index.ts'
import type { Kind } from './define.ts'

/** Where a component comes from. */
export interface Origin {
  readonly plugin: string
  readonly kind: Kind
  readonly name: string
}

const origins = new WeakMap<object, Origin>()

/** Remembers where an instance comes from. Values that are no objects are not remembered. */
export function rememberOrigin(instance: unknown, origin: Origin): void {
  if (typeof instance === 'object' && instance !== null) origins.set(instance, origin)
}

/** Where an instance comes from; undefined for what no plugin registered, such as the parts of a block. */
export const originOf = (instance: object): Origin | undefined => origins.get(instance)

/** `block "conv" of plugin "nn"`. */
export const describeOrigin = ({ plugin, kind, name }: Origin): string => `${kind} "${name}" of plugin "${plugin}"`

/**
 * Runs what a component does. An error that it throws gets its plugin's name; Tricklab's own errors pass as they are.
 * @param doing what was asked of it, as in `threw in apply`
 * @errors E_COMPONENT, E_OUT_OF_MEMORY
 */
export function blameOrigin<T>(instance: object, doing: string, body: () => T): T {
  const origin = originOf(instance)
  return origin === undefined ? body() : blame(origin, doing, body)
}

export function blame<T>(origin: Origin, doing: string, body: () => T): T {
  const rethrow = (cause: unknown): never => {
    if (cause instanceof TricklabError || isRefusal(cause)) throw cause
    if (isFailedAllocation(cause)) {
      failOutOfMemory({ what: `what the ${describeOrigin(origin)} asks for in ${doing}`, cause })
    }
    const { plugin } = origin
    fail('E_COMPONENT', {
      what: `The ${describeOrigin(origin)} threw in ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: `report it to the author of "${plugin}", or leave the ${origin.kind} out of the recipe.`,
      cause,
    })
  }
  try {
    const result = body()
    return result instanceof Promise ? (result.catch(rethrow) as T) : result
  } catch (cause) {
    return rethrow(cause)
  }
}

/** What the system refuses (no space, no access) or a signal stopped is nobody's defect, and is told in other words. */
const isRefusal = (cause: unknown) => typeof (cause as { code?: unknown } | null)?.code === 'string'

/** Names the training step in what a component did wrong, which does not know it. */
export function atStep<T>(step: number, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof TricklabError) || !(error.code === 'E_COMPONENT' || error.code === 'E_BLOCK_RETURN'))
      throw error
    const [problem, ...rest] = error.problems
    throw new TricklabError([
      { ...problem!, what: problem!.what.replace(' in apply', ` in apply at step ${step}`) },
      ...rest,
    ])
  }
}
