import path from 'node:path'
import type { NamedParam } from '@tricklab/core'
import { encodeSafetensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { writeFileAtomic } from '@tricklab/core/files'

/** A parameter as `trace.json` describes it. */
export interface TracedParam {
  readonly path: string
  readonly shape: readonly number[]
  readonly role: string
}

export const describeParams = (params: readonly NamedParam[]): TracedParam[] =>
  params.map(({ path: name, value, role }) => ({ path: name, shape: value.shape, role }))

/** Writes `<name>.safetensors` into the folder of a trace. */
export async function writeTensors(folder: string, name: string, tensors: StoredTensors): Promise<void> {
  await writeFileAtomic(path.join(folder, `${name}.safetensors`), encodeSafetensors(tensors, { producer: 'tricklab' }))
}

/** Writes `trace.json`, last of all: a folder without it is no whole trace. */
export async function writeTrace(folder: string, trace: object): Promise<void> {
  await writeFileAtomic(path.join(folder, 'trace.json'), [`${JSON.stringify(trace, null, 2)}\n`])
}
