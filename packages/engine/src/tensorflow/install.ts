import { access, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { makeFolder, makeScratchFolder, temporaryName } from '@tricklab/core/files'
import { probeEngines } from '../doctor/index.ts'
import { compileAddon, findCompiler } from './compile.ts'
import { download } from './download.ts'
import { findTensorflow, type InstalledTensorflow, napiVersion, platformName, tensorflowFolder } from './layout.ts'
import { tfjsNodeFile } from './npm-package.ts'
import { type Download, defaultSource, type LibrarySource } from './sources.ts'
import { archiveKind, unpackLibrary, untar } from './unpack.ts'
import { checkFetchable, readChecksums, verify } from './verify.ts'

/** Where an installation is; `done` and `total` are bytes, known while downloading. */
export interface InstallProgress {
  readonly step: 'download' | 'unpack' | 'compile' | 'check'
  /** The file or the thing that the step is about. */
  readonly subject: string
  readonly done?: number
  readonly total?: number | undefined
}

export interface InstallOptions {
  /** Fetch the library for NVIDIA GPUs. With `from`, say what the given library is. Default false. */
  gpu?: boolean
  /** A file or URL: libtensorflow as `.tar.gz` (or `.zip`), or a Python wheel of TensorFlow as `.whl`. */
  from?: string
  /** SHA-256 checksums that files may have, for what Tricklab knows none of. Everything fetched must have one. */
  sha256?: readonly string[]
  onProgress?: (progress: InstallProgress) => void
}

/**
 * Fetches or takes libtensorflow, adds TF.js's addon, and puts both into the cache folder; then trains a step on it in a
 * process of its own. Only what passes that replaces an earlier installation.
 *
 * A wheel holds the same C interface as the plain archives and is often the newer and nearer source.
 *
 * @errors E_ARGUMENT, E_DOWNLOAD, E_ENGINE_INSTALL, E_CACHE_WRITE; E_ENGINE_UNAVAILABLE without TF.js's Node package
 */
export async function installTensorflow(options: InstallOptions = {}): Promise<InstalledTensorflow> {
  const { gpu = false, onProgress = () => {} } = options
  const checksums = readChecksums(options.sha256 ?? [])
  tfjsNodeFile('package.json') // asked for before anything large is fetched
  const compiler = await findCompiler()
  const source = options.from === undefined ? chooseSource(gpu, compiler) : givenSource(options.from)
  if (source.addon === undefined && compiler === undefined) refuseWithoutCompiler()
  for (const file of [source, source.addon]) if (isRemote(file?.url)) checkFetchable(file!, checksums)
  const work = await makeWorkFolder()
  try {
    const archive = await obtain(source, work, onProgress)
    const sha256 = await verify(archive, acceptable(source, checksums))
    onProgress({ step: 'unpack', subject: path.basename(archive) })
    await unpackLibrary(archive, path.join(work, 'deps'))
    if (source.addon !== undefined) {
      const addonArchive = await obtain(source.addon, work, onProgress)
      await verify(addonArchive, acceptable(source.addon, checksums))
      makeFolder(path.join(work, 'lib'))
      await untar(addonArchive, path.join(work, 'lib'))
    } else if (compiler !== undefined) {
      onProgress({ step: 'compile', subject: 'the addon of TF.js' })
      await compileAddon(work, compiler)
    }
    await rm(path.join(work, 'download'), { recursive: true, force: true })
    await rm(path.join(work, 'deps', 'include'), { recursive: true, force: true })
    onProgress({ step: 'check', subject: 'one training step' })
    const addonOrigin = source.addon === undefined ? 'compiled' : 'prebuilt'
    return await putInPlace(work, { gpu, source: path.basename(archive), sha256, addonOrigin, platform: platformName })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function chooseSource(gpu: boolean, compiler: string | undefined): LibrarySource {
  const source = defaultSource(platformName, gpu, compiler !== undefined, napiVersion)
  if (source !== undefined) return source
  fail('E_ENGINE_INSTALL', {
    what: `There is no prebuilt ${gpu ? 'GPU ' : ''}library of TensorFlow for ${platformName}.`,
    fix: 'give a Python wheel of TensorFlow for this platform with --from, or use --engine wasm.',
  })
}

function givenSource(from: string): LibrarySource {
  if (archiveKind(from) !== undefined) return { url: from }
  fail('E_ARGUMENT', {
    what: '--from names no archive that can be used.',
    expected: 'a file or URL that ends in .whl, .tar.gz, .tgz or .zip.',
    received: `"${from}".`,
  })
}

function refuseWithoutCompiler(): never {
  fail('E_ENGINE_INSTALL', {
    what: 'The addon must be compiled for this library, but there is no C++ compiler on this machine.',
    expected: 'c++, g++ or clang++, or the environment variable CXX.',
    fix:
      process.platform === 'win32'
        ? 'leave --from out.'
        : 'install one (Debian: apt-get install g++; macOS: xcode-select --install).',
  })
}

const workName = () => path.join(path.dirname(tensorflowFolder()), '.tensorflow')

async function makeWorkFolder(): Promise<string> {
  try {
    // Beside its final place, so that moving it there is one rename.
    return await makeScratchFolder(workName())
  } catch (error) {
    fail('E_CACHE_WRITE', {
      what: `The cache folder cannot be written: ${(error as Error).message}.`,
      fix: 'set TRICKLAB_CACHE to a folder that you can write.',
      cause: error,
    })
  }
}

const isRemote = (place: string | undefined) => place !== undefined && /^https?:\/\//.test(place)

const acceptable = ({ sha256 }: Download, given: readonly string[]) =>
  sha256 === undefined ? given : [sha256, ...given]

/** The archive as a file: fetched into the work folder, or where it already lies. */
async function obtain(
  { url: place }: Download,
  work: string,
  onProgress: (p: InstallProgress) => void,
): Promise<string> {
  if (!isRemote(place)) {
    const file = path.resolve(place)
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (!found) fail('E_ARGUMENT', { what: '--from names a file that is not there.', received: `"${place}".` })
    return file
  }
  const name = path.basename(new URL(place).pathname)
  makeFolder(path.join(work, 'download'))
  const file = path.join(work, 'download', name)
  await download(place, file, (done, total) => onProgress({ step: 'download', subject: name, done, total }))
  return file
}

async function putInPlace(
  work: string,
  facts: Omit<InstalledTensorflow, 'folder' | 'addon' | 'version'>,
): Promise<InstalledTensorflow> {
  const folder = tensorflowFolder()
  // Should this process be killed, the next installation removes it.
  const former = temporaryName(workName(), 'unfinished')
  const hadFormer = await rename(folder, former).then(
    () => true,
    () => false,
  )
  await writeFile(path.join(work, 'installed.json'), JSON.stringify({ ...facts, version: '' }))
  await rename(work, folder)
  const [report] = await probeEngines(['tensorflow'], { timeLimitMs: 180_000 })
  if (report?.works !== true) {
    await rm(folder, { recursive: true, force: true })
    if (hadFormer) await rename(former, folder)
    fail('E_ENGINE_INSTALL', {
      what: `The library was installed but does not work, so it was removed again: ${report?.why}`,
      fix: 'give another library with --from.',
    })
  }
  await rm(former, { recursive: true, force: true })
  await writeFile(
    path.join(folder, 'installed.json'),
    `${JSON.stringify({ ...facts, version: report.version }, null, 2)}\n`,
  )
  return (await findTensorflow(folder)) as InstalledTensorflow
}
