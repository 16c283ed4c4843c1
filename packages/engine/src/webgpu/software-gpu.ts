import { existsSync, mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { lookAround } from './advice.ts'

/** SwiftShader as Debian's package chromium installs it: a Vulkan driver that computes on the CPU. */
const driverFile = '/usr/lib/chromium/vk_swiftshader_icd.json'

/**
 * Why tests cannot have a software GPU here; undefined when they can. The driver alone is not enough: apt-get installs
 * chromium without the Vulkan loader when it leaves out recommended packages.
 */
export const noSoftwareGpu: string | undefined =
  existsSync(driverFile) && lookAround().hasLoader
    ? undefined
    : 'SwiftShader is not installed (apt-get install -y chromium libvulkan1)'

/**
 * Makes the engine `webgpu` of this process, and of those that it starts, run on SwiftShader whatever else is there.
 * For tests on machines without a graphics card; to be called before the engine is prepared.
 */
export function useSoftwareGpu(): void {
  process.env.VK_DRIVER_FILES = driverFile
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(path.join(os.tmpdir(), 'tricklab-runtime-'))
}
