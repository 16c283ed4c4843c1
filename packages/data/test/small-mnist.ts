import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { createRng, type Split } from '@tricklab/core'
import type { IdxFile } from '../src/idx/dataset.ts'
import { writeIdx } from '../src/idx/idx.ts'

/** A file of the layout of FashionMNIST, small, with its published packing. */
export interface SmallFile extends IdxFile {
  readonly content: Uint8Array
  readonly gz: Uint8Array
  readonly packed: { readonly bytes: number; readonly md5: string }
}

/** Describes any content as a known file. */
export function describeContent(name: string, split: Split, dims: readonly number[], content: Uint8Array): SmallFile {
  const gz = gzipSync(content)
  return {
    name,
    split,
    holds: dims.length === 3 ? 'images' : 'labels',
    dims,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    packed: { bytes: gz.length, md5: createHash('md5').update(gz).digest('hex') },
    content,
    gz,
  }
}

/** Four files as FashionMNIST has them: 7 training and 3 validation images of 5 × 4 pixels. */
export function createSmallMnist(): SmallFile[] {
  const draw = (key: string, length: number, bound: number) => {
    const stream = createRng(1).at(key)
    return Uint8Array.from({ length }, () => stream.integer(bound))
  }
  const pair = (split: Split, stem: string, count: number) => [
    idx(`${stem}-images-idx3-ubyte`, split, [count, 5, 4], draw(`${stem}/images`, count * 20, 256)),
    idx(`${stem}-labels-idx1-ubyte`, split, [count], draw(`${stem}/labels`, count, 10)),
  ]
  return [...pair('train', 'train', 7), ...pair('valid', 't10k', 3)]
}

/** Writes the files into a folder, packed unless said otherwise. */
export async function writeFiles(folder: string, files: readonly SmallFile[], packed = true): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { name, content, gz } of files) {
    await writeFile(path.join(folder, packed ? `${name}.gz` : name), packed ? gz : content)
  }
}

function idx(name: string, split: Split, dims: readonly number[], values: Uint8Array): SmallFile {
  return describeContent(name, split, dims, writeIdx({ dims, values }))
}
