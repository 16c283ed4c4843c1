import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fail, listParams, type Model, type NamedParam } from '@tricklab/core'
import { decodeSafetensors, hashTensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { failAll, type Problem } from '@tricklab/core/errors'
import { matchesPath } from '@tricklab/core/params'
import type { Row, StartWeights } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'

/**
 * Gives a model the weights that the recipe of its row begins with, where it names some.
 * @errors E_WEIGHTS, E_RUN_UNKNOWN, E_CHECKPOINT_CORRUPT
 */
export async function giveStartWeights(model: Model, { recipe: { weights } }: Row): Promise<void> {
  if (weights === undefined) return
  const file = await fileOf(weights)
  assignWeights(model, file, weights, await readWeights(file, weights))
}

/** The file that holds the weights. @errors E_RUN_UNKNOWN for a run that is not there, or has not ended with this seed */
async function fileOf(weights: StartWeights): Promise<string> {
  if ('file' in weights) return weights.file
  const { run, seed } = weights
  const names = await readdir(run).catch(() => undefined)
  const seeds = names?.flatMap((name) => /^seed-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
  if (seeds?.includes(`${seed}`)) return path.join(run, `seed-${seed}.safetensors`)
  return fail('E_RUN_UNKNOWN', {
    what: seeds === undefined ? `There is no run at "${run}".` : `${run} has no finished seed ${seed}.`,
    expected:
      seeds === undefined || seeds.length === 0
        ? 'the folder of a finished run, named from the folder where the command runs.'
        : `one of ${seeds.join(', ')}.`,
    fix: 'correct `weights.run` and `weights.seed`, or finish the run with pnpm repro TABLE/ROW --resume.',
  })
}

async function readWeights(file: string, { sha256 }: StartWeights): Promise<StoredTensors> {
  let content: Buffer
  try {
    content = await readFile(file)
  } catch (cause) {
    fail('E_WEIGHTS', {
      what: `The weights that the recipe begins with cannot be read: ${(cause as Error).message}.`,
      expected: 'a safetensors file that is named from the folder where the command runs.',
      received: `"${file}".`,
      fix: 'correct `weights.file`, or put the file there.',
      cause,
    })
  }
  const { tensors } = decodeSafetensors(content, `Weights ${file}`)
  const found = hashTensors(tensors)
  if (found === sha256) return tensors
  return fail('E_WEIGHTS', {
    what: `${file} does not hold the weights that the recipe names.`,
    expected: `SHA-256 ${sha256} of its tensors.`,
    received: `${found}.`,
    fix: 'put the right file there, or set `weights.sha256` to what was received.',
  })
}

/** Gives the model the tensors of a file, each of which must have its place. */
function assignWeights(model: Model, file: string, { except = [] }: StartWeights, tensors: StoredTensors): void {
  const params = listParams(model.params)
  const excepted = (path: string) => except.some((pattern) => matchesPath(pattern, path))
  const wanted = params.filter(({ path }) => !excepted(path))
  const known = new Set(params.map(({ path }) => path))
  failAll([
    ...except
      .filter((pattern) => !params.some(({ path }) => matchesPath(pattern, path)))
      .map((pattern) => problem(`\`except\` names "${pattern}", which the model does not have`, 'a path of the model')),
    ...wanted.flatMap((param) => misfit(param, tensors, file)),
    ...Object.keys(tensors)
      .filter((path) => !known.has(path) && !excepted(path))
      .map((path) =>
        problem(`${file} has a tensor "${path}" that the model has no place for`, 'tensors of this model'),
      ),
  ])
  for (const { path, value } of wanted) {
    const { data, shape, dtype } = tensors[path]!
    tf.tidy(() => value.assign(tf.tensor(data, [...shape], dtype)))
  }
}

function misfit({ path, value }: NamedParam, tensors: StoredTensors, file: string): Problem[] {
  const stored = Object.hasOwn(tensors, path) ? tensors[path] : undefined
  if (stored?.dtype === value.dtype && stored.shape.join() === value.shape.join()) return []
  const received = stored === undefined ? 'nothing' : `${stored.dtype} [${stored.shape}]`
  return [problem(`${file} does not fit the parameter "${path}"`, `${value.dtype} [${value.shape}]`, received)]
}

const problem = (what: string, expected: string, received?: string): Problem => ({
  code: 'E_WEIGHTS',
  what: `${what}.`,
  expected: `${expected}.`,
  ...(received === undefined ? {} : { received: `${received}.` }),
  fix: 'choose the model that the weights are of, or name what differs in `weights.except`.',
})
