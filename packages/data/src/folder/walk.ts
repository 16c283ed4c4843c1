import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { readFolder } from './read-folder.ts'

/** What file managers, archivers and network drives leave in folders of photos. */
const strays = ['__MACOSX', '@eaDir', '#recycle', '$RECYCLE.BIN', 'System Volume Information', 'lost+found']

const isStray = (name: string) => name.startsWith('.') || strays.includes(name)

/**
 * The files below a folder, deep ones included, relative to it with `/`, in the order of their code units: the same on
 * every machine. Hidden files and what file managers leave are passed over; links are followed, but not in circles.
 * @errors E_DATASET_READ
 */
export async function walkFolder(folder: string): Promise<string[]> {
  const files: string[] = []
  await walk(folder, '', [], files)
  return files.sort()
}

async function walk(root: string, below: string, above: readonly string[], files: string[]): Promise<void> {
  const folder = path.join(root, below)
  const real = await realpath(folder).catch(() => folder)
  if (above.includes(real)) return
  for (const entry of await readFolder(folder)) {
    if (isStray(entry.name)) continue
    const name = path.posix.join(below, entry.name)
    const isFolder = entry.isSymbolicLink() ? await isDirectory(path.join(root, name)) : entry.isDirectory()
    if (isFolder) await walk(root, name, [...above, real], files)
    else files.push(name)
  }
}

/** The names of the folders in a folder, in order, without what file managers leave. @errors E_DATASET_READ */
export async function listFolders(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const entry of await readFolder(folder)) {
    if (isStray(entry.name)) continue
    if (entry.isSymbolicLink() ? await isDirectory(path.join(folder, entry.name)) : entry.isDirectory())
      names.push(entry.name)
  }
  return names.sort()
}

/** True for a folder, and for a link to one. */
export const isDirectory = async (at: string): Promise<boolean> =>
  (await stat(at).catch(() => undefined))?.isDirectory() === true

/** True for a name that ends like that of an image, even one in a format that is then refused. */
export const isImageName = (name: string): boolean =>
  /\.(jpe?g|jpe|jfif|png|webp|avif|tiff?|gif|heic|heif|bmp)$/i.test(name)
