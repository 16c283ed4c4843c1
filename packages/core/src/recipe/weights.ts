import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { checkKeys, isObject, missing } from './problems.ts'

/** The weights that a training begins with, instead of drawn ones. */
export interface StartWeights {
  /** A safetensors file under Tricklab's own names: of a run, or from `lab import-weights`. */
  readonly file: string
  /** SHA-256 of its tensors: what the log of a run ends with, and what `lab import-weights` prints. */
  readonly sha256: string
  /** Parameters that keep their drawn values, by patterns of paths. */
  readonly except?: readonly string[]
}

/** The field `weights` of a recipe. */
export function normalizeWeights(
  value: Json | undefined,
  where: string,
  problems: Problem[],
): { readonly weights?: StartWeights } {
  if (value === undefined) return {}
  if (!isObject(value)) {
    problems.push(missing(where, 'weights', "{ file: 'weights.safetensors', sha256: '…' }", value))
    return {}
  }
  checkKeys(value, ['file', 'sha256', 'except'], `${where} weights`, problems)
  const { file, sha256, except = [] } = value
  const patterns = Array.isArray(except) && except.every((pattern) => typeof pattern === 'string' && pattern !== '')
  const digest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
  if (typeof file !== 'string' || file === '') problems.push(missing(where, 'weights.file', 'the name of a file', file))
  if (!digest) problems.push(missing(where, 'weights.sha256', 'the SHA-256 of its tensors, in hex', sha256))
  if (!patterns) problems.push(missing(where, 'weights.except', "a list of paths: ['head/**']", except))
  const left = patterns && except.length > 0 ? { except: except as readonly string[] } : {}
  return { weights: { file: file as string, sha256: sha256 as string, ...left } }
}
