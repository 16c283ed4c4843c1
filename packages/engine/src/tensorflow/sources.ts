/** A file, and the checksum that it must have. */
export interface Download {
  readonly url: string
  readonly sha256?: string | undefined
}

/** Where libtensorflow comes from when nothing else is asked for. */
export interface LibrarySource extends Download {
  /** The addon that TF.js's makers built for just this library; without it the addon is compiled here. */
  readonly addon?: Download
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
      return pinned(`tensorflow/versions/${newerVersion}/libtensorflow-${kind}-${newer.name}.tar.gz`)
    }
  }
  const matched = matchedPlatforms[platform]
  if (matched === undefined || (gpu && !matched.gpu)) return undefined
  const addon = `${kind.toUpperCase()}-${matched.system}-${tfjsVersion}.${matched.extension}`
  return {
    ...pinned(`tensorflow/libtensorflow/libtensorflow-${kind}-${matched.name}-${matchedVersion}.${matched.extension}`),
    addon: pinned(`tf-builds/pre-built-binary/napi-v${napi}/${tfjsVersion}/${addon}`),
  }
}

const pinned = (place: string): Download => ({ url: `${host}${place}`, sha256: checksums[place] })

/**
 * SHA-256 of the archives. TensorFlow's makers publish none; these are what build files of other projects require of the
 * same URLs: at least two that agree, but one alone where it says so. There is none for the addons, nor for Windows with
 * a GPU.
 */
const checksums: Readonly<Record<string, string>> = {
  'tensorflow/versions/2.18.0/libtensorflow-cpu-linux-x86_64.tar.gz':
    '605bfcb370c7e7ec981eabada880f60784e3de018395be95c95c3e5592c3d9a2',
  'tensorflow/versions/2.18.0/libtensorflow-gpu-linux-x86_64.tar.gz':
    '6ca25aae03548cf76f6f68f00bdf53ec39710f08cee23bf6419b9e6e27feca5c',
  'tensorflow/versions/2.18.0/libtensorflow-cpu-darwin-arm64.tar.gz':
    '462257d2792730dcb131fcf21bc826192ae5a2c418535f6347d051f10fc8be8a',
  'tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz':
    '7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173',
  'tensorflow/libtensorflow/libtensorflow-cpu-darwin-x86_64-2.9.1.tar.gz':
    '56f83d3320ba0f69aaafd6c058645e1b7fbc75fb9a3fc36d6be98de1291ca226',
  // From one project's build file alone, like the next.
  'tensorflow/libtensorflow/libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz':
    '20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8',
  'tensorflow/libtensorflow/libtensorflow-cpu-windows-x86_64-2.9.1.zip':
    '56fa7e84c984144311563b405bd0e565568f3cbe2c15ac4713e9c8174a02b00f',
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
