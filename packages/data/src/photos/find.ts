import { createHash } from 'node:crypto'
import { realpath, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type DatasetContext, fail, type Services, TricklabError } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/files'
import { downloadFiles, hashFile } from '../archive/download.ts'
import { extractArchive } from '../archive/extract.ts'
import { type Place, searchPlaces } from '../archive/places.ts'
import { dataFolders, isOffline } from '../archive/surroundings.ts'
import { readFolder } from '../folder/read-folder.ts'
import { type ArchiveBuild, type ArchiveSize, archiveBuilds, archiveMirrors, archiveName } from './archives.ts'
import type { PhotoClass, PhotoFamily } from './families.ts'
import { findRoot, holdsClasses, isDataset } from './list.ts'
import type { PhotoOrigin } from './origin.ts'

export interface FindPhotosOptions {
  /** Name of the archives without size: `imagewoof2`. */
  readonly family: string
  /** Its classes: by their folders photos are known to be of this family. */
  readonly classes: readonly PhotoClass[]
  readonly archive: ArchiveSize
  readonly dataPaths: readonly string[]
  /** The cache's folder of photos. */
  readonly cache: string
  readonly mirrors: readonly string[]
  readonly builds: { readonly [name: string]: readonly ArchiveBuild[] }
  readonly offline: boolean
  readonly log: (message: string) => void
  readonly onProgress: DatasetContext['onProgress']
  readonly signal?: AbortSignal | undefined
}

/** An extracted archive. */
export interface FoundPhotos {
  /** The folder with `train` and `val`. */
  readonly root: string
  readonly origin: PhotoOrigin
}

// The largest archive unpacks to 1.6 GB.
const unpackedLimitBytes = 8e9

/** The places of this machine. `TRICKLAB_DATA` may name several folders, separated as in `PATH`. */
export function findPhotosOptions(
  { archive: family, classes }: PhotoFamily,
  archive: ArchiveSize,
  context: Pick<DatasetContext & Services, 'dataPaths' | 'log' | 'onProgress' | 'signal'>,
  env: NodeJS.ProcessEnv = process.env,
): FindPhotosOptions {
  return {
    family,
    classes,
    archive,
    dataPaths: dataFolders(context, env),
    cache: path.join(cacheFolder(env), 'photos'),
    mirrors: archiveMirrors,
    builds: archiveBuilds,
    offline: isOffline(env),
    log: context.log,
    onProgress: context.onProgress,
    signal: context.signal,
  }
}

/**
 * Finds the photos of a family: in what `--data` names, in the cache, or downloads the archive into the cache. Archives
 * are verified and unpacked into the cache.
 *
 * A file that `--data` names is taken as it is. In a folder the archive that the recipe asks for is looked for, unpacked
 * or not; then a re-encoded one such as `imagewoof2-224`; then the folder may be one itself, whatever it is called, or hold
 * just one of another name. Photos of other classes are passed over. The origin tells which it was.
 * @errors E_DATASET_MISSING with every place looked at; E_DATASET_CORRUPT; E_CACHE_WRITE; E_INTERRUPTED
 */
export async function findPhotos(options: FindPhotosOptions): Promise<FoundPhotos> {
  const { family, cache, offline } = options
  const name = archiveName(family, options.archive)
  const given: Place<FoundPhotos>[] = options.dataPaths.map((at) => ({
    name: `--data ${at}`,
    async look() {
      const answer = await lookAt(at, options)
      // Whoever names a folder should hear that it was of no use, even when another place helps out.
      if ('missing' in answer) options.log(`${family}: not in --data ${at} (${answer.missing}); looking further`)
      return answer
    },
  }))
  if (given.length === 0) given.push({ name: '--data or TRICKLAB_DATA', look: async () => ({ missing: 'not given' }) })
  const official: Place<FoundPhotos> = {
    name: `the cache ${cache}`,
    async look() {
      const root = await findRoot(path.join(cache, name))
      // Which build it was is not known any more.
      const unproven = options.builds[name]?.every(({ sha256 }) => sha256 !== undefined) !== true
      const origin = { found: `${name} in the cache`, archive: name, unproven, wanted: name }
      return root === undefined ? { missing: `no ${name}` } : { found: { root, origin } }
    },
  }
  const download: Place<FoundPhotos> = {
    name: `a download from ${options.mirrors.join(', ')}`,
    async look() {
      if (offline) return { missing: 'not asked, because TRICKLAB_OFFLINE is set' }
      return (await downloadArchive(name, options)) ?? official.look()
    },
  }
  const fix = offline
    ? 'run again without TRICKLAB_OFFLINE, or pass the archive with --data.'
    : `curl -fLO "${options.mirrors[0]}${name}.tgz" (elsewhere, if this machine has no network, and pass the file with --data).`
  return (await searchPlaces(name, [...given, official, download], () => fix)).found
}

type Answer = { readonly found: FoundPhotos } | { readonly missing: string }

async function lookAt(at: string, options: FindPhotosOptions): Promise<Answer> {
  const kind = await stat(at).catch(() => undefined)
  if (kind === undefined) return { missing: 'no such file or folder' }
  if (kind.isFile()) return takeArchive(at, options)
  if (!kind.isDirectory()) return { missing: 'neither a file nor a folder' }
  const { family, archive } = options
  const wanted = archiveName(family, archive)
  const names = (await readFolder(at)).map(({ name }) => name).sort()
  const stem = (name: string) => name.replace(/\.(tgz|tar\.gz)$/, '')
  const isOfficial = (name: string) => stem(name).startsWith(family) && stem(name) in options.builds
  // Unpacked before packed: `imagewoof2` sorts before `imagewoof2.tgz`.
  const exact = names.filter((name) => stem(name) === wanted)
  const reencoded = names.filter((name) => stem(name).startsWith(`${family}-`) && !isOfficial(name))
  const missing = [`no ${wanted}.tgz`, `no folder ${wanted}`, `no re-encoded ${family}-*`]
  for (const name of [...exact, ...reencoded]) {
    const answer = await takeEither(path.join(at, name), options)
    if (answer === undefined) continue
    if ('found' in answer) return answer
    missing.push(`${name}: ${answer.missing}`)
  }
  if (await isDataset(at)) return (await takeFolder(at, options)) ?? { missing: missing.join(', ') }

  // No name says which of several to take.
  const fitting: { readonly name: string; readonly found: FoundPhotos }[] = []
  for (const name of names.filter((name) => !exact.includes(name) && !reencoded.includes(name))) {
    const answer = await takeFolder(path.join(at, name), options)
    if (answer === undefined) continue
    if ('found' in answer) fitting.push({ name, found: answer.found })
    else missing.push(`${name}: ${answer.missing}`)
  }
  const [only, ...more] = fitting
  if (only !== undefined && more.length === 0) return { found: only.found }
  const choice = names.filter((name) => isOfficial(name) || fitting.some((entry) => entry.name === name))
  if (choice.length > 0) missing.push(`${choice.join(', ')} would be used if passed itself`)
  return { missing: missing.join(', ') }
}

/** An archive or a folder; undefined for a folder that holds no photos. */
async function takeEither(at: string, options: FindPhotosOptions): Promise<Answer | undefined> {
  const isFile = (await stat(at).catch(() => undefined))?.isFile() === true
  return isFile ? takeArchive(at, options) : takeFolder(at, options)
}

async function takeFolder(at: string, { family, classes, archive }: FindPhotosOptions): Promise<Answer | undefined> {
  const root = await findRoot(at)
  if (root === undefined) return undefined
  if (!(await holdsClasses(root, classes))) return { missing: `holds other photos than ${family}` }
  const origin = { found: `the folder ${path.basename(root)}`, wanted: archiveName(family, archive) }
  return { found: { root, origin } }
}

/** Verifies an archive and unpacks it into the cache, unless that was done before. */
async function takeArchive(at: string, options: FindPhotosOptions): Promise<Answer> {
  if (!/\.(tgz|tar\.gz)$/.test(at)) return { missing: 'neither a .tgz archive nor a folder' }
  const { family, archive, builds, cache } = options
  const { size, mtimeMs } = await stat(at)
  const name = path.basename(at).replace(/\.(tgz|tar\.gz)$/, '')
  const build = builds[name]?.find(({ bytes }) => bytes === size)
  if (builds[name] !== undefined && build === undefined) refuseArchive(at, builds[name], `${size} bytes`)

  const identity = createHash('sha256')
    .update(`${await realpath(at)} ${size} ${mtimeMs}`)
    .digest('hex')
    .slice(0, 12)
  const target = path.join(cache, build === undefined ? `${name}-${identity}` : name)
  let root = await findRoot(target)
  if (root === undefined) {
    if (build !== undefined) await verify(at, build)
    await unpack(at, target, options)
    root = await findRoot(target)
  }
  if (root === undefined) refuseLayout(at)
  const origin = { found: path.basename(at), wanted: archiveName(family, archive) }
  return {
    found: {
      root,
      origin: build === undefined ? origin : { ...origin, archive: name, unproven: build.sha256 === undefined },
    },
  }
}

async function unpack(at: string, target: string, options: FindPhotosOptions): Promise<void> {
  const what = `${path.basename(at)}: unpack`
  options.log(`${path.basename(at)}: unpacking into ${target}`)
  await extractArchive(at, target, {
    limitBytes: unpackedLimitBytes,
    signal: options.signal,
    onProgress: (done, total) => options.onProgress({ what, done, total }),
  })
}

async function verify(at: string, build: ArchiveBuild): Promise<void> {
  const head = await hashFile(at, 'md5 of the first MiB')
  if (head !== build.headMd5) refuseArchive(at, [build], `${build.bytes} bytes whose first MiB has md5 ${head}`)
  if (build.sha256 === undefined) return
  const sha256 = await hashFile(at, 'sha256')
  if (sha256 !== build.sha256) refuseArchive(at, [build], `${build.bytes} bytes with sha256 ${sha256}`)
}

/** Downloads an archive, unpacks it and deletes it. Undefined when the cache holds it afterwards. */
async function downloadArchive(name: string, options: FindPhotosOptions): Promise<{ missing: string } | undefined> {
  const folder = path.join(options.cache, 'downloads')
  const faults: string[] = []
  for (const build of options.builds[name] ?? []) {
    const { bytes, headMd5, sha256 } = build
    const checksum =
      sha256 === undefined
        ? ({ algorithm: 'md5 of the first MiB', hex: headMd5 } as const)
        : ({ algorithm: 'sha256', hex: sha256 } as const)
    options.log(`${name}: downloading ${Math.round(bytes / 1e6)} MB into ${folder}`)
    try {
      await downloadFiles([{ name: `${name}.tgz`, bytes, checksum }], folder, {
        mirrors: options.mirrors,
        signal: options.signal,
        log: (message) => options.log(`${name}: ${message}`),
        onProgress: (done, total) => options.onProgress({ what: `${name}: download`, done, total }),
      })
      await unpack(path.join(folder, `${name}.tgz`), path.join(options.cache, name), options)
      await rm(path.join(folder, `${name}.tgz`), { force: true })
      return undefined
    } catch (error) {
      if (!(error instanceof TricklabError) || error.code !== 'E_DOWNLOAD') throw error
      const reason = error.problems[0]?.received?.replace(/\.$/, '') ?? error.message
      faults.push(reason)
      // Only a server that has another build makes another build worth asking for.
      if (!reason.includes('offers a file of')) break
    }
  }
  return { missing: faults.at(-1) ?? `no build of ${name} is known` }
}

function refuseArchive(at: string, builds: readonly ArchiveBuild[], received: string): never {
  const known = builds.map(
    ({ bytes, sha256, headMd5 }) =>
      `${bytes} bytes with ${sha256 === undefined ? `md5 ${headMd5} of the first MiB` : `sha256 ${sha256}`}`,
  )
  return fail('E_DATASET_CORRUPT', {
    what: `${at} is not the published archive.`,
    expected: `${known.join(', or ')}.`,
    received: `${received}.`,
    fix: 'put the published file in its place; rename it if it is a re-encoded set of your own.',
  })
}

function refuseLayout(at: string): never {
  return fail('E_DATASET_CORRUPT', {
    what: `${at} does not hold photos in the expected layout.`,
    expected: '<name>/{train,val}/<synset>/*.JPEG.',
    fix: 'take the file out of --data.',
  })
}
