import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { DatasetContext, Services } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/files'
import { type Place, searchPlaces } from '../archive/places.ts'
import { dataFolders, isOffline } from '../archive/surroundings.ts'
import { download, takeArchive, takeFromDebian } from './fetch.ts'
import type { FileSet } from './file-set.ts'
import { type FilePaths, findInFolder } from './in-folder.ts'

/** The places of a machine where files may be. */
export interface FilePlaces {
  readonly dataPaths: readonly string[]
  /** The cache's folder of this dataset. */
  readonly cache: string
  /** Where the distribution's package puts the files. */
  readonly distribution: string | undefined
  readonly mirrors: readonly string[]
  /** Leaves out what needs the network. */
  readonly offline: boolean
  readonly log: (message: string) => void
  readonly onProgress: DatasetContext['onProgress']
  readonly signal?: AbortSignal | undefined
}

/** Those of this machine. `TRICKLAB_DATA` may name several folders, separated as in `PATH`. */
export function filePlaces(
  { name, mirrors, debian }: Pick<FileSet, 'name' | 'mirrors' | 'debian'>,
  context: Pick<DatasetContext & Services, 'dataPaths' | 'log' | 'onProgress' | 'signal'>,
  env: NodeJS.ProcessEnv = process.env,
): FilePlaces {
  return {
    dataPaths: dataFolders(context, env),
    cache: path.join(cacheFolder(env), name),
    distribution: debian?.folder,
    mirrors,
    offline: isOffline(env),
    log: context.log,
    onProgress: context.onProgress,
    signal: context.signal,
  }
}

/**
 * Finds the files of a dataset: in the cache, in what `--data` names, in the distribution's folder; else fetches them into
 * the cache from a public mirror or out of Debian's package. An archive is verified before it is unpacked into the cache.
 * @errors E_DATASET_MISSING with every place looked at; E_DATASET_CORRUPT for a wrong archive; E_CACHE_WRITE; E_INTERRUPTED
 */
export async function findFiles(set: FileSet, places: FilePlaces): Promise<FilePaths> {
  const folder = (name: string, at: string): Place<FilePaths> => ({
    name: `${name} ${at}`,
    look: () => findInFolder(at, set),
  })
  const given: Place<FilePaths>[] = places.dataPaths.map((at) => ({
    name: `--data ${at}`,
    async look() {
      const answer = await lookAt(at, set, places)
      // Whoever names a folder should hear that it was of no use, even when another place helps out.
      if ('missing' in answer) places.log(`${set.name}: not in --data ${at} (${answer.missing}); looking further`)
      return answer
    },
  }))
  if (given.length === 0) given.push({ name: '--data or TRICKLAB_DATA', look: async () => ({ missing: 'not given' }) })
  const { debian } = set
  const all = [
    folder('the cache', places.cache),
    ...given,
    ...(places.distribution === undefined ? [] : [folder("the distribution's folder", places.distribution)]),
    fetched('the public mirrors', set, places, () => download(set, places)),
    ...(debian === undefined
      ? []
      : [fetched(`Debian's package ${debian.name}`, set, places, () => takeFromDebian(set, debian, places))]),
  ]
  return (await searchPlaces(set.name, all, (tried) => helpfulCommand(set, places, tried))).found
}

/** Files in a folder, or the archive: itself, or in the folder. */
async function lookAt(at: string, set: FileSet, places: FilePlaces) {
  const { archive } = set
  if (archive === undefined) return findInFolder(at, set)
  const isFile = async (file: string) => (await stat(file).catch(() => undefined))?.isFile() === true
  if (await isFile(at)) {
    if (path.basename(at) !== archive.name) return { missing: `not ${archive.name}` }
    await takeArchive(at, archive, places)
    return findInFolder(places.cache, set)
  }
  const unpacked = await findInFolder(at, set)
  const packed = path.join(at, archive.name)
  if ('found' in unpacked || !(await isFile(packed))) return unpacked
  await takeArchive(packed, archive, places)
  return findInFolder(places.cache, set)
}

/** A place that brings the files into the cache; `fetch` answers why it could not. */
function fetched(
  name: string,
  set: FileSet,
  places: FilePlaces,
  fetch: () => Promise<{ readonly missing: string } | undefined>,
): Place<FilePaths> {
  return {
    name,
    async look() {
      if (places.offline) return { missing: 'not asked, because TRICKLAB_OFFLINE is set' }
      return (await fetch()) ?? (await findInFolder(places.cache, set))
    },
  }
}

function helpfulCommand({ files, archive, mirrors }: FileSet, places: FilePlaces, tried: readonly string[]): string {
  if (places.offline) return 'run again without TRICKLAB_OFFLINE.'
  // apt is here and would help, but its lists are empty or old.
  if (tried.some((line) => line.includes('Unable to locate package'))) return 'sudo apt-get update (then run again).'
  const mirror = mirrors.find((address) => address.startsWith('https:')) ?? mirrors[0]!
  const names = archive ? [archive.name] : files.map(({ name, packed }) => (packed === undefined ? name : `${name}.gz`))
  // Double quotes serve every shell.
  const addresses = names.map((name) => `-O "${mirror}${name}"`).join(' ')
  return `curl -fL --create-dirs --output-dir "${places.cache}" ${addresses} (elsewhere, if this machine has no network, and pass that folder with --data).`
}
