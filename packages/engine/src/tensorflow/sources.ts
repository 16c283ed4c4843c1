/** Where libtensorflow comes from when nothing else is asked for. */
export interface LibrarySource {
  readonly url: string
  /** The addon that TF.js's makers built for just this library; without it the addon is compiled here. */
  readonly addonUrl?: string
}

const host = 'https://storage.googleapis.com/'
// What TF.js 4.22 itself asks for: old, and for GPUs older than Hopper, but with an addon that needs no compiler.
const tfjsVersion = '4.22.0'
const matchedVersion = '2.9.1'
// The newest for which plain C archives exist on all these platforms.
const newerVersion = '2.18.0'

/**
 * Picks the archive for a platform: with a compiler the newer library, without one the old library that has a prebuilt
 * addon; undefined where there is neither.
 */
export function defaultSource(
  platform: string,
  gpu: boolean,
  compiler: boolean,
  napi: number,
): LibrarySource | undefined {
  const kind = gpu ? 'gpu' : 'cpu'
  if (compiler) {
    const newer = newerPlatforms[platform]
    if (newer !== undefined && (!gpu || newer.gpu)) {
      return { url: `${host}tensorflow/versions/${newerVersion}/libtensorflow-${kind}-${newer.name}.tar.gz` }
    }
  }
  const matched = matchedPlatforms[platform]
  if (matched === undefined || (gpu && !matched.gpu)) return undefined
  const addon = `${kind.toUpperCase()}-${matched.system}-${tfjsVersion}.${matched.extension}`
  return {
    url: `${host}tensorflow/libtensorflow/libtensorflow-${kind}-${matched.name}-${matchedVersion}.${matched.extension}`,
    addonUrl: `${host}tf-builds/pre-built-binary/napi-v${napi}/${tfjsVersion}/${addon}`,
  }
}

const newerPlatforms: Readonly<Record<string, { name: string; gpu: boolean }>> = {
  'linux-x64': { name: 'linux-x86_64', gpu: true },
  'darwin-arm64': { name: 'darwin-arm64', gpu: false },
}

const matchedPlatforms: Readonly<Record<string, { name: string; system: string; extension: string; gpu: boolean }>> = {
  'linux-x64': { name: 'linux-x86_64', system: 'linux', extension: 'tar.gz', gpu: true },
  'darwin-x64': { name: 'darwin-x86_64', system: 'darwin', extension: 'tar.gz', gpu: false },
  'win32-x64': { name: 'windows-x86_64', system: 'windows', extension: 'zip', gpu: true },
}
