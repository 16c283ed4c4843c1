import { readdirSync } from 'node:fs'
import { adapterVariable } from './adapter.ts'

/** Why there is no adapter here, as far as can be seen, and the one command that would change it. */
export interface Advice {
  readonly why: string
  readonly command: string
}

/** What of the machine the advice goes by. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  /** The Vulkan loader, which finds the drivers, was found. */
  readonly hasLoader: boolean
  /** Files that announce a Vulkan driver. */
  readonly drivers: readonly string[]
  readonly hasNvidia: boolean
  readonly debian: boolean
  readonly adapterAsked: string | undefined
}

/** Says why Dawn found no adapter. */
export function adviseOnMissingAdapter(here: Surroundings): Advice {
  if (here.adapterAsked) {
    return {
      why: `there is no adapter named "${here.adapterAsked}"`,
      command: `unset ${adapterVariable}`,
    }
  }
  if (here.platform !== 'linux') {
    return { why: 'Dawn found no graphics adapter', command: 'update the operating system and its graphics driver' }
  }
  const missing = [
    ...(here.hasLoader ? [] : ['libvulkan1']),
    ...(here.drivers.length > 0 ? [] : [here.hasNvidia ? 'nvidia-vulkan-icd' : 'mesa-vulkan-drivers']),
  ]
  const why = [
    ...(here.hasLoader ? [] : ['the Vulkan loader (libvulkan.so.1) is missing']),
    ...(here.drivers.length > 0 ? [] : ['no Vulkan driver is installed']),
  ].join(' and ')
  if (missing.length === 0) {
    return {
      why: `Dawn accepts none of the installed Vulkan drivers (${here.drivers.join(', ')})`,
      command: 'install a newer graphics driver',
    }
  }
  const command = here.debian ? `apt-get install -y ${missing.join(' ')}` : `install ${missing.join(' and ')}`
  return { why, command: `${command} (needs a graphics card to be of use)` }
}

/** Looks at this machine. */
export function lookAround(): Surroundings {
  return {
    platform: process.platform,
    hasLoader: libraryFolders.some((folder) => list(folder).some((name) => name.startsWith('libvulkan.so.1'))),
    drivers: driverFiles(),
    hasNvidia: list('/proc/driver/nvidia').length > 0,
    debian: list('/etc').includes('debian_version'),
    adapterAsked: process.env[adapterVariable],
  }
}

const libraryFolders = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  ...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean),
]

function driverFiles(): string[] {
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES
  if (chosen) return chosen.split(':')
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'].flatMap(list)
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
