import type { Json } from '../json.ts'
import { type Field, type Place, type Plain, written } from './field.ts'
import { checkKeys, isObject, missing } from './problems.ts'

interface CheckedWeights {
  /** SHA-256 of its tensors: what the log of a run ends with, and what `lab import-weights` prints. */
  readonly sha256: string
  /** Parameters that keep their drawn values, by patterns of paths. */
  readonly except?: readonly string[]
}

/** Weights in a file. */
export interface FileWeights extends CheckedWeights {
  /** A safetensors file under Tricklab's own names: of a run, or from `lab import-weights`. */
  readonly file: string
}

/** The result of a seed that is done. */
export interface RunWeights extends CheckedWeights {
  /** Folder of the run. */
  readonly run: string
  readonly seed: number
}

/** The weights that a training begins with, instead of drawn ones. */
export type StartWeights = FileWeights | RunWeights

/** The field `weights` of a recipe. */
export const weightsField = {
  written: written<Plain<StartWeights>>(),
  optional: true,
  stage: 'never',
  read(value: Json | undefined, { row, problems, refuse }: Place): StartWeights | undefined {
    if (value === undefined) return undefined
    const wanted = "{ file: 'weights.safetensors', sha256: '…' } or { run: 'runs/…', seed: 1, sha256: '…' }"
    if (!isObject(value) || (value.file !== undefined && value.run !== undefined)) {
      refuse(wanted)
      return undefined
    }
    const ofRun = value.run !== undefined
    checkKeys(value, [...(ofRun ? ['run', 'seed'] : ['file']), 'sha256', 'except'], `${row} weights`, problems)
    const { file, run, seed, sha256, except = [] } = value
    const check = (key: string, fine: boolean, expected: string, received: Json | undefined) => {
      if (!fine) problems.push(missing(row, `weights.${key}`, expected, received))
    }
    if (ofRun) check('run', isName(run), 'the folder of a run', run)
    else check('file', isName(file), 'the name of a file', file)
    if (ofRun) check('seed', Number.isSafeInteger(seed) && (seed as number) >= 0, 'a seed of the run', seed)
    const digest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    check('sha256', digest, 'the SHA-256 of its tensors, in hex', sha256)
    check('except', Array.isArray(except) && except.every(isName), "a list of paths: ['head/**']", except)
    const place = ofRun ? { run, seed } : { file }
    return { ...place, sha256, ...(Array.isArray(except) && except.length > 0 ? { except } : {}) } as StartWeights
  },
} satisfies Field

const isName = (value: Json | undefined): boolean => typeof value === 'string' && value !== ''
