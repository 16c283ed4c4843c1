import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { FileSet } from './file-set.ts'

/** Where the files of a set lie, by name without `.gz`; the paths may end in `.gz` or not. */
export type FilePaths = ReadonlyMap<string, string>

/** Finds all files of a set, packed or not, in a folder or one of the usual folders below it. */
export async function findInFolder(
  folder: string,
  set: Pick<FileSet, 'name' | 'files' | 'layouts' | 'archive'>,
): Promise<{ readonly found: FilePaths } | { readonly missing: string }> {
  const kind = await stat(folder).catch(() => undefined)
  if (kind === undefined) return { missing: 'no such folder' }
  if (!kind.isDirectory()) return { missing: 'not a folder' }
  let best: FilePaths = new Map()
  for (const layout of layoutsOf(set)) {
    const found = await listFiles(path.join(folder, layout), set)
    if (found.size === set.files.length) return { found }
    if (found.size > best.size) best = found
  }
  const titleOf = ({ name, packed }: FileSet['files'][number]) => (packed === undefined ? name : `${name}.gz`)
  if (best.size === 0) return { missing: `no file named like ${set.archive?.name ?? titleOf(set.files[0]!)}` }
  return {
    missing: `lacks ${set.files
      .filter(({ name }) => !best.has(name))
      .map(titleOf)
      .join(', ')}`,
  }
}

/** As such, by the dataset's name, as the archive is unpacked, and below each of them as others lay it out. */
function layoutsOf({ name, layouts = [], archive }: Pick<FileSet, 'name' | 'layouts' | 'archive'>): string[] {
  const above = ['.', name, ...(archive === undefined ? [] : [stemOf(archive.name)])]
  return above.flatMap((folder) => ['.', ...layouts].map((layout) => path.join(folder, layout)))
}

/** The name of an archive without its ending. */
export const stemOf = (archive: string): string => archive.replace(/\.(tgz|tar\.gz)$/, '')

async function listFiles(folder: string, { files }: Pick<FileSet, 'files'>): Promise<FilePaths> {
  const found = new Map<string, string>()
  for (const { name } of files) {
    // The unpacked file first: it spares the unpacking, and both are verified alike.
    for (const candidate of [path.join(folder, name), path.join(folder, `${name}.gz`)]) {
      const kind = await stat(candidate).catch(() => undefined)
      if (kind?.isFile() && !found.has(name)) found.set(name, candidate)
    }
  }
  return found
}
