import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder } from '@tricklab/core/files'

/** What lies in the folder of an installed TensorFlow, as its `installed.json` says. */
export interface InstalledTensorflow {
  /** The folder; it holds `deps/lib` with the libraries and `lib/napi-v8` with the addon. */
  readonly folder: string
  readonly addon: string
  /** As TensorFlow itself says it. */
  readonly version: string
  /** Built for a GPU; whether one is used shows only when it runs. */
  readonly gpu: boolean
  /** The file name that the libraries came from. */
  readonly source: string
  /** Of that file; missing where an earlier version installed it. */
  readonly sha256?: string
  /** `compiled` here from the npm package's sources, or `prebuilt` by TF.js's makers. */
  readonly addonOrigin: 'compiled' | 'prebuilt'
  readonly platform: string
}

/** All Node versions that we support have at least this Node-API version, so one addon serves them all. */
export const napiVersion = 8

/** Where the addon lies in the folder; its search path for the libraries counts on just these levels. */
export const addonPath = path.join('lib', `napi-v${napiVersion}`, 'tfjs_binding.node')

/** Operating system and processor, which a binary cannot leave. */
export const platformName = `${process.platform}-${process.arch}`

/** The folder that holds an installed TensorFlow: outside the repository, so that a fresh install keeps it. */
export function tensorflowFolder(): string {
  return path.join(cacheFolder(), 'engines', `tensorflow-${platformName}`)
}

/** What is installed, or undefined. */
export async function findTensorflow(folder: string = tensorflowFolder()): Promise<InstalledTensorflow | undefined> {
  const text = await readFile(path.join(folder, 'installed.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : { ...JSON.parse(text), folder, addon: path.join(folder, addonPath) }
}
