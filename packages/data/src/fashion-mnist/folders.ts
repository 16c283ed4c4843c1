import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { KnownFile } from './files.ts'
import type { FilePaths } from './load.ts'

/** Folders below a given one that may hold the files: as such, by the dataset's name, as torchvision lays them out. */
const layouts = ['.', 'fashion-mnist', 'FashionMNIST/raw', 'raw']

/** Finds the four files, packed or not, in a folder or one of the usual folders below it. */
export async function findFiles(
  folder: string,
  files: readonly KnownFile[],
): Promise<{ found: FilePaths } | { missing: string }> {
  const kind = await stat(folder).catch(() => undefined)
  if (kind === undefined) return { missing: 'no such folder' }
  if (!kind.isDirectory()) return { missing: 'not a folder' }
  let best: FilePaths = new Map()
  for (const layout of layouts) {
    const found = await listFiles(path.join(folder, layout), files)
    if (found.size === files.length) return { found }
    if (found.size > best.size) best = found
  }
  if (best.size === 0) return { missing: `no file named like ${files[0]!.name}.gz` }
  const lacking = files.filter(({ name }) => !best.has(name)).map(({ name }) => `${name}.gz`)
  return { missing: `lacks ${lacking.join(', ')}` }
}

async function listFiles(folder: string, files: readonly KnownFile[]): Promise<FilePaths> {
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
