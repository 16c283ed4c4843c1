import { readFile } from 'node:fs/promises'
import { fail, TricklabError } from '../errors/index.ts'
import { writeFileAtomic } from '../files/atomic-file.ts'
import type { Json } from '../json.ts'
import type { Snapshot } from '../loop/learner.ts'
import * as tf from '../tf.ts'
import {
  decodeSafetensors,
  encodeSafetensors,
  hashTensors,
  type StoredTensor,
  type StoredTensors,
} from './safetensors.ts'

export {
  decodeSafetensors,
  describeNonFinite,
  encodeSafetensors,
  hashTensors,
  type StoredTensor,
  type StoredTensors,
} from './safetensors.ts'

/** What a checkpoint must agree on before it may be resumed. */
export interface CheckpointIdentity {
  readonly table: string
  readonly row: string
  readonly recipeHash: string
  readonly seed: number
  readonly engine: string
}

const schema = '2'

/** Copies tensors to plain arrays, in the names given. */
export async function storeTensors(tensors: { readonly [name: string]: tf.Tensor }): Promise<StoredTensors> {
  const stored: Record<string, StoredTensor> = {}
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = (await tensor.data()) as Float32Array
    stored[name] = { dtype: tensor.dtype as 'float32', shape: tensor.shape, data }
  }
  return stored
}

/** SHA-256 over the bits of a model's weights. */
export async function hashWeights(tensors: { readonly [name: string]: tf.Tensor }): Promise<string> {
  return hashTensors(await storeTensors(tensors))
}

/** Writes weights as a plain safetensors file. @errors E_CHECKPOINT_WRITE */
export async function saveWeights(
  path: string,
  tensors: { readonly [name: string]: tf.Tensor },
  metadata: { readonly [key: string]: string },
): Promise<void> {
  await write(path, encodeSafetensors(await storeTensors(tensors), metadata))
}

/** Writes a checkpoint atomically: the last good one stays until the new one is complete. @errors E_CHECKPOINT_WRITE */
export async function saveCheckpoint(path: string, identity: CheckpointIdentity, snapshot: Snapshot): Promise<void> {
  // The state is taken before anything is awaited: it and the tensors belong to the same moment.
  const state = JSON.stringify(snapshot.state)
  const tensors = await storeTensors(snapshot.tensors)
  await write(path, encodeSafetensors(tensors, { schema, identity: JSON.stringify(identity), state }))
}

/**
 * Reads a checkpoint that must belong to `identity`. The caller disposes of the tensors.
 * @returns undefined when there is none
 * @errors E_CHECKPOINT_CORRUPT, E_CHECKPOINT_MISMATCH
 */
export async function loadCheckpoint(path: string, identity: CheckpointIdentity): Promise<Snapshot | undefined> {
  let file: Buffer
  try {
    file = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    fail('E_CHECKPOINT_CORRUPT', {
      what: `${path} cannot be read: ${(error as Error).message}.`,
      expected: 'a file that may be read.',
      fix: 'make it readable, or delete it and run again without --resume.',
      cause: error,
    })
  }
  const { tensors, metadata } = decodeSafetensors(file, `Checkpoint ${path}`)
  const { state, found } = readMetadata(path, metadata)
  const differing = (Object.keys(identity) as (keyof CheckpointIdentity)[]).filter(
    (key) => found[key] !== identity[key],
  )
  if (metadata.schema !== schema || differing.length > 0) {
    const show = (from: Partial<CheckpointIdentity>) => differing.map((key) => `${key} ${from[key]}`).join(', ')
    fail('E_CHECKPOINT_MISMATCH', {
      what: `Checkpoint ${path} belongs to another run.`,
      expected: `${show(identity) || `schema ${schema}`}.`,
      received: `${show(found) || `schema ${metadata.schema}`}.`,
      fix: 'run without --resume to start anew, or name the folder of the matching run with --out.',
    })
  }
  const restored = Object.entries(tensors).map(
    ([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype)] as const,
  )
  return { state, tensors: Object.fromEntries(restored) }
}

function readMetadata(path: string, metadata: { readonly [key: string]: string }) {
  try {
    // A file without a checksum may be anything; one that we wrote has it.
    if (metadata.sha256 === undefined) throw new Error('no checksum')
    return {
      state: JSON.parse(metadata.state!) as Json,
      found: JSON.parse(metadata.identity!) as Partial<CheckpointIdentity>,
    }
  } catch {
    fail('E_CHECKPOINT_CORRUPT', {
      what: `${path} is no checkpoint: it holds no state.`,
      expected: 'a file written by a run of Tricklab.',
      received: `metadata ${Object.keys(metadata).join(', ')}.`,
      fix: 'delete the file and run again without --resume.',
    })
  }
}

async function write(path: string, chunks: Uint8Array[]): Promise<void> {
  try {
    await writeFileAtomic(path, chunks)
  } catch (cause) {
    throw new TricklabError([
      {
        code: 'E_CHECKPOINT_WRITE',
        what: `${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
        expected: `${Math.ceil(chunks.reduce((sum, chunk) => sum + chunk.length, 0) / 2 ** 20)} MiB free and write access.`,
        fix: 'free some space or choose another --out; then go on with --resume from the last good checkpoint.',
        cause,
      },
    ])
  }
}
