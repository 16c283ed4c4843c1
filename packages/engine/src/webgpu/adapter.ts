import { create, globals } from 'webgpu'

/** An adapter that Dawn offers, and the object that keeps Dawn alive. */
export interface OpenAdapter {
  readonly gpu: GPU
  readonly adapter: GPUAdapter
}

/** Variable that names an adapter (a part of its name is not enough), for machines with several. */
export const adapterVariable = 'TRICKLAB_WEBGPU_ADAPTER'

/**
 * Asks Dawn for the machine's best adapter; undefined when there is none.
 * Throws Dawn's message, with the names that there are, when the variable names none of them.
 */
export async function openAdapter(
  name: string | undefined = process.env[adapterVariable],
): Promise<OpenAdapter | undefined> {
  // TF.js's backend takes the classes and constants of WebGPU from the global scope, as in a browser.
  Object.assign(globalThis, globals)
  const gpu: GPU = create(name ? [`adapter=${name}`] : [])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  return adapter === null ? undefined : { gpu, adapter }
}

/** The adapter in words, for people. */
export function adapterName(info: GPUAdapterInfo): string {
  const name = info.description || info.device || info.architecture
  return [info.vendor, name].filter(Boolean).join(' ') || 'unnamed adapter'
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|warp/i

/** Whether a CPU plays the GPU: right numbers, but slow, and no use but for tests. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  if (info.isFallbackAdapter) return true
  return softwareNames.test([info.vendor, info.architecture, info.device, info.description].join(' '))
}
