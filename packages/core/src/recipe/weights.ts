import type { Json } from '../json.ts'
import { type Field, type Place, type Plain, written } from './field.ts'
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
export const weightsField = {
  written: written<Plain<StartWeights>>(),
  optional: true,
  stage: 'never',
  read(value: Json | undefined, { row, problems, refuse }: Place): StartWeights | undefined {
    if (value === undefined) return undefined
    if (!isObject(value)) {
      refuse("{ file: 'weights.safetensors', sha256: '…' }")
      return undefined
    }
    checkKeys(value, ['file', 'sha256', 'except'], `${row} weights`, problems)
    const { file, sha256, except = [] } = value
    const patterns = Array.isArray(except) && except.every((pattern) => typeof pattern === 'string' && pattern !== '')
    const digest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    if (typeof file !== 'string' || file === '') problems.push(missing(row, 'weights.file', 'the name of a file', file))
    if (!digest) problems.push(missing(row, 'weights.sha256', 'the SHA-256 of its tensors, in hex', sha256))
    if (!patterns) problems.push(missing(row, 'weights.except', "a list of paths: ['head/**']", except))
    const left = patterns && except.length > 0 ? { except: except as readonly string[] } : {}
    return { file: file as string, sha256: sha256 as string, ...left }
  },
} satisfies Field
