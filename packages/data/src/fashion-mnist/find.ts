import { rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { type DatasetContext, type Services, TricklabError } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/cache-folder'
import { takeFromDebianPackage } from '../archive/debian.ts'
import { downloadFiles, type RemoteFile } from '../archive/download.ts'
import { type Place, searchPlaces } from '../archive/places.ts'
import { dataFolders, isOffline } from '../archive/surroundings.ts'
import { fashionMnistFiles, type KnownFile } from './files.ts'
import { findFiles } from './folders.ts'
import type { FilePaths } from './load.ts'
import { readKnownFile } from './verify.ts'

export interface FindOptions {
  /** What to find. */
  readonly files: readonly KnownFile[]
  readonly dataPaths: readonly string[]
  /** The cache's folder of this dataset. */
  readonly cache: string
  /** Where the distribution's package puts the files. */
  readonly distribution: string
  readonly mirrors: readonly string[]
  /** Leaves out what needs the network. */
  readonly offline: boolean
  /** Debian's package, and where in it the files lie. */
  readonly debian: { readonly name: string; readonly folder: string }
  readonly log: (message: string) => void
  readonly onProgress: DatasetContext['onProgress']
  readonly signal?: AbortSignal | undefined
}

// Where Debian's package puts the files.
const installed = '/usr/share/datasets/fashion-mnist'

const mirrors = [
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
]

/** The places of this machine. `TRICKLAB_DATA` may name several folders, separated as in `PATH`. */
export function findOptions(
  context: Pick<DatasetContext & Services, 'dataPaths' | 'log' | 'onProgress' | 'signal'>,
  env: NodeJS.ProcessEnv = process.env,
): FindOptions {
  return {
    files: fashionMnistFiles,
    dataPaths: dataFolders(context, env),
    cache: path.join(cacheFolder(env), 'fashion-mnist'),
    distribution: installed,
    mirrors,
    offline: isOffline(env),
    debian: { name: 'dataset-fashion-mnist', folder: installed },
    log: context.log,
    onProgress: context.onProgress,
    signal: context.signal,
  }
}

/**
 * Finds the four files of FashionMNIST: in the cache, in the folders of `--data`, in the distribution's folder; else
 * fetches them into the cache from a public mirror or out of Debian's package.
 * @errors E_DATASET_MISSING with every place looked at; E_CACHE_WRITE; E_INTERRUPTED
 */
export async function findFashionMnist(options: FindOptions): Promise<FilePaths> {
  const folder = (name: string, at: string): Place<FilePaths> => ({
    name: `${name} ${at}`,
    look: () => findFiles(at, options.files),
  })
  const given: Place<FilePaths>[] = options.dataPaths.map((at) => ({
    name: `--data ${at}`,
    async look() {
      const answer = await findFiles(at, options.files)
      // Whoever names a folder should hear that it was of no use, even when another place helps out.
      if ('missing' in answer) options.log(`fashion-mnist: not in --data ${at} (${answer.missing}); looking further`)
      return answer
    },
  }))
  if (given.length === 0) given.push({ name: '--data or TRICKLAB_DATA', look: async () => ({ missing: 'not given' }) })
  const places = [
    folder('the cache', options.cache),
    ...given,
    folder("the distribution's folder", options.distribution),
    fetched('the public mirrors', options, () => download(options)),
    fetched(`Debian's package ${options.debian.name}`, options, () => takeFromDebian(options)),
  ]
  const { found } = await searchPlaces('fashion-mnist', places, (tried) => helpfulCommand(options, tried))
  return found
}

/** A place that brings the files into the cache; `fetch` answers why it could not. */
function fetched(
  name: string,
  options: FindOptions,
  fetch: () => Promise<{ readonly missing: string } | undefined>,
): Place<FilePaths> {
  return {
    name,
    async look() {
      if (options.offline) return { missing: 'not asked, because TRICKLAB_OFFLINE is set' }
      return (await fetch()) ?? (await findFiles(options.cache, options.files))
    },
  }
}

async function download(options: FindOptions): Promise<{ missing: string } | undefined> {
  const files: RemoteFile[] = []
  for (const { name, packed } of options.files) {
    // What an earlier, interrupted run has finished is there already; loading verifies it.
    if (await isInCache(options, name)) continue
    files.push({ name: `${name}.gz`, bytes: packed.bytes, checksum: { algorithm: 'md5', hex: packed.md5 } })
  }
  options.log(`fashion-mnist: downloading ${files.length} files into ${options.cache}`)
  try {
    await downloadFiles(files, options.cache, {
      mirrors: options.mirrors,
      signal: options.signal,
      log: (message) => options.log(`fashion-mnist: ${message}`),
      onProgress: (done, total) => options.onProgress({ what: 'fashion-mnist: download', done, total }),
    })
    return undefined
  } catch (error) {
    if (error instanceof TricklabError && error.code === 'E_DOWNLOAD') {
      return { missing: error.problems[0]?.received?.replace(/\.$/, '') ?? error.message }
    }
    throw error
  }
}

async function takeFromDebian(options: FindOptions): Promise<{ missing: string } | undefined> {
  options.log(`fashion-mnist: fetching Debian's package ${options.debian.name} with apt-get`)
  const take = async (root: string) => {
    for (const file of options.files) {
      if (await isInCache(options, file.name)) continue
      const unpacked = path.join(root, options.debian.folder, `${file.name}.gz`)
      await readKnownFile(file, unpacked, () => 'report it: the package is not the one that Tricklab knows.')
      await rename(unpacked, path.join(options.cache, `${file.name}.gz`))
    }
  }
  try {
    return await takeFromDebianPackage(options.debian.name, options.cache, take, {
      signal: options.signal,
      onProgress: (done, total) =>
        options.onProgress({
          what: "fashion-mnist: Debian's package",
          done,
          ...(total === undefined ? {} : { total }),
        }),
    })
  } catch (error) {
    if (error instanceof TricklabError && error.code === 'E_DATASET_CORRUPT') return { missing: error.message }
    throw error
  }
}

async function isInCache(options: FindOptions, name: string): Promise<boolean> {
  for (const file of [name, `${name}.gz`]) {
    if ((await stat(path.join(options.cache, file)).catch(() => undefined))?.isFile()) return true
  }
  return false
}

function helpfulCommand(options: FindOptions, tried: readonly string[]): string {
  if (options.offline) return 'run again without TRICKLAB_OFFLINE.'
  // apt is here and would help, but its lists are empty or old.
  if (tried.some((line) => line.includes('Unable to locate package'))) return 'sudo apt-get update (then run again).'
  const address = `${mirrors[1]}{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz`
  // Double quotes serve every shell.
  return `curl -fL --create-dirs --output-dir "${options.cache}" -O "${address}" (elsewhere, if this machine has no network, and pass that folder with --data).`
}
