import { accessSync, constants, rmSync } from 'node:fs'
import path from 'node:path'
import type { NamedParam } from '@tricklab/core'
import { encodeSafetensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { writing } from '../runner/run-folder.ts'

/** A parameter as `trace.json` describes it. */
export interface TracedParam {
  readonly path: string
  readonly shape: readonly number[]
  readonly role: string
}

export const describeParams = (params: readonly NamedParam[]): TracedParam[] =>
  params.map(({ path: name, value, role }) => ({ path: name, shape: value.shape, role }))

/** Makes the folder of a trace, before the work begins. @errors E_OUT_WRITE */
export function makeTraceFolder(folder: string): void {
  writing(folder, () => {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
  })
}

/** From here on an earlier trace in the folder is written over, and is no whole trace any more. */
export function beginTrace(folder: string, parts: readonly string[] = []): void {
  writing(folder, () => {
    for (const part of parts) makeFolder(path.join(folder, part))
    rmSync(traceFile(folder), { force: true })
  })
}

const traceFile = (folder: string) => path.join(folder, 'trace.json')

/** Writes `<name>.safetensors` into the folder of a trace. */
export async function writeTensors(folder: string, name: string, tensors: StoredTensors): Promise<void> {
  const file = path.join(folder, `${name}.safetensors`)
  await writing(file, () => writeFileAtomic(file, encodeSafetensors(tensors, { producer: 'tricklab' })))
}

/** Writes `trace.json`, last of all: a folder without it is no whole trace. */
export async function writeTrace(folder: string, trace: object): Promise<void> {
  const file = traceFile(folder)
  await writing(file, () => writeFileAtomic(file, [`${JSON.stringify(trace, null, 2)}\n`]))
}
