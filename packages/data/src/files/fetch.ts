import { rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { fail, TricklabError } from '@tricklab/core'
import { takeFromDebianPackage } from '../archive/debian.ts'
import { downloadFiles, hashFile, type RemoteFile } from '../archive/download.ts'
import { extractArchive } from '../archive/extract.ts'
import type { FileSet, KnownArchive } from './file-set.ts'
import type { FilePlaces } from './find.ts'
import { stemOf } from './in-folder.ts'
import { readKnownFile } from './read.ts'

// What unpacks to more is not what its length says.
const mostTimesLarger = 100

/** Verifies an archive and unpacks it into the cache. @errors E_DATASET_CORRUPT, E_CACHE_WRITE, E_INTERRUPTED */
export async function takeArchive(at: string, archive: KnownArchive, places: FilePlaces): Promise<void> {
  const { size } = await stat(at)
  const sha256 = size === archive.bytes ? await hashFile(at, 'sha256') : undefined
  if (sha256 !== archive.sha256) {
    fail('E_DATASET_CORRUPT', {
      what: `${at} is not the published archive.`,
      expected: `${archive.bytes} bytes with sha256 ${archive.sha256}.`,
      received: `${size} bytes${sha256 === undefined ? '' : ` with sha256 ${sha256}`}.`,
      fix: 'put the published file in its place, or take it out of --data.',
    })
  }
  const what = `${archive.name}: unpack`
  places.log(`${archive.name}: unpacking into ${places.cache}`)
  await extractArchive(at, path.join(places.cache, stemOf(archive.name)), {
    limitBytes: mostTimesLarger * archive.bytes,
    signal: places.signal,
    onProgress: (done, total) => places.onProgress({ what, done, total }),
  })
}

/** Downloads what the cache lacks; an archive is unpacked and deleted. Why not, where it could not be done. */
export async function download(set: FileSet, places: FilePlaces): Promise<{ readonly missing: string } | undefined> {
  const { name, archive } = set
  const files = archive === undefined ? await lackingFiles(set, places) : [remoteArchive(archive)]
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  places.log(`${name}: downloading ${count} into ${places.cache}`)
  try {
    await downloadFiles(files, places.cache, {
      mirrors: places.mirrors,
      signal: places.signal,
      log: (message) => places.log(`${name}: ${message}`),
      onProgress: (done, total) => places.onProgress({ what: `${name}: download`, done, total }),
    })
  } catch (error) {
    if (!(error instanceof TricklabError) || error.code !== 'E_DOWNLOAD') throw error
    return { missing: error.problems[0]?.received?.replace(/\.$/, '') ?? error.message }
  }
  if (archive === undefined) return undefined
  const file = path.join(places.cache, archive.name)
  await takeArchive(file, archive, places)
  await rm(file, { force: true })
  return undefined
}

const remoteArchive = ({ name, bytes, sha256 }: KnownArchive): RemoteFile => ({
  name,
  bytes,
  checksum: { algorithm: 'sha256', hex: sha256 },
})

/** What an earlier, interrupted run has finished is there already; reading verifies it. */
async function lackingFiles({ files }: FileSet, places: FilePlaces): Promise<RemoteFile[]> {
  const lacking: RemoteFile[] = []
  for (const { name, bytes, sha256, packed } of files) {
    if (await isInCache(places, name)) continue
    lacking.push(
      packed === undefined
        ? { name, bytes, checksum: { algorithm: 'sha256', hex: sha256 } }
        : { name: `${name}.gz`, bytes: packed.bytes, checksum: { algorithm: 'md5', hex: packed.md5 } },
    )
  }
  return lacking
}

/** Takes the files out of Debian's package, verified before they enter the cache. */
export async function takeFromDebian(
  { name, title, files }: FileSet,
  debian: NonNullable<FileSet['debian']>,
  places: FilePlaces,
): Promise<{ readonly missing: string } | undefined> {
  places.log(`${name}: fetching Debian's package ${debian.name} with apt-get`)
  const take = async (root: string) => {
    for (const file of files) {
      if (await isInCache(places, file.name)) continue
      const packed = path.join(root, debian.folder, `${file.name}.gz`)
      await readKnownFile(title, file, packed, () => 'report it: the package is not the one that Tricklab knows.')
      await rename(packed, path.join(places.cache, `${file.name}.gz`))
    }
  }
  try {
    return await takeFromDebianPackage(debian.name, places.cache, take, {
      signal: places.signal,
      onProgress: (done, total) =>
        places.onProgress({ what: `${name}: Debian's package`, done, ...(total === undefined ? {} : { total }) }),
    })
  } catch (error) {
    if (error instanceof TricklabError && error.code === 'E_DATASET_CORRUPT') return { missing: error.message }
    throw error
  }
}

async function isInCache({ cache }: FilePlaces, name: string): Promise<boolean> {
  for (const file of [name, `${name}.gz`]) {
    if ((await stat(path.join(cache, file)).catch(() => undefined))?.isFile()) return true
  }
  return false
}
