import { readFile } from 'node:fs/promises'
import { fail, listParams, type Model } from '@tricklab/core'
import { decodeSafetensors, describeNonFinite, hashTensors, type StoredTensor } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'

/**
 * Gives a model the weights of a file.
 * @param sha256 what the log says of them; undefined where nothing is known
 * @errors E_RUN_UNKNOWN when there is no such file, E_CHECKPOINT_CORRUPT, E_CHECKPOINT_MISMATCH
 */
export async function loadWeights(model: Model, file: string, sha256: string | undefined): Promise<void> {
  const { tensors } = decodeSafetensors(await read(file), `Weights ${file}`)
  const hash = hashTensors(tensors)
  if (sha256 !== undefined && hash !== sha256) {
    fail('E_CHECKPOINT_MISMATCH', {
      what: `${file} does not hold the weights at the end of its log: the hashes differ.`,
      expected: `SHA-256 ${sha256}.`,
      received: `${hash}.`,
      fix: 'put the file of this run back, or train the seed again.',
    })
  }
  for (const { path, value } of listParams(model.params)) {
    const stored = tensors[path]
    const fits = stored?.dtype === value.dtype && stored.shape.join() === value.shape.join()
    if (!fits || describeNonFinite(stored) !== undefined) refuse(file, path, value, stored)
    const tensor = tf.tensor(stored.data, [...stored.shape], stored.dtype)
    value.assign(tensor)
    tensor.dispose()
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    return fail('E_RUN_UNKNOWN', {
      what: `There are no weights at ${file}: ${(cause as Error).message}.`,
      expected: 'a run folder with the weights of its seeds; accepted records have none.',
      fix: 'name the folder of a finished run, or make one with pnpm repro TABLE/ROW.',
      cause,
    })
  }
}

function refuse(
  file: string,
  path: string,
  { dtype, shape }: Pick<tf.Tensor, 'dtype' | 'shape'>,
  stored: StoredTensor | undefined,
): never {
  const fault = stored && describeNonFinite(stored)
  fail('E_CHECKPOINT_MISMATCH', {
    what: `${file} does not fit the parameter "${path}" of the model.`,
    expected: `finite numbers, ${dtype} [${shape}].`,
    received:
      stored === undefined
        ? 'nothing.'
        : `${stored.dtype} [${stored.shape}]${fault === undefined ? '' : `, ${fault}`}.`,
    fix: 'use the version of Tricklab that the run was made with; its manifest names the commit.',
  })
}
