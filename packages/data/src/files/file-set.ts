import { createHash } from 'node:crypto'

/** One of the files that a dataset consists of, as its authors published it. */
export interface KnownFile {
  /** Of the unpacked file, without `.gz`. */
  readonly name: string
  /** SHA-256 and length of the unpacked file. */
  readonly sha256: string
  readonly bytes: number
  /** Length and MD5 of the `.gz`, where it is published so. Others may pack the same content anew, with other bytes. */
  readonly packed?: { readonly bytes: number; readonly md5: string }
}

/** The `.tar.gz` in which the files are published. */
export interface KnownArchive {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** The files of a dataset, and where they are to be had. */
export interface FileSet {
  /** Of the dataset, of its folder in the cache, and of one in which others may keep the files. */
  readonly name: string
  /** What messages call it: `FashionMNIST`. */
  readonly title: string
  readonly files: readonly KnownFile[]
  /** Absent: every file is published by itself. */
  readonly archive?: KnownArchive
  /** Addresses that end in `/`, asked in this order. */
  readonly mirrors: readonly string[]
  /** Folders below a given one in which others keep the files, such as `FashionMNIST/raw`. */
  readonly layouts?: readonly string[]
  /** Debian's package, and where it puts the files. */
  readonly debian?: { readonly name: string; readonly folder: string }
}

/** SHA-256 of what `sha256sum` prints for the unpacked files: hash, two spaces, name, newline. */
export function digestOfFiles(files: readonly Pick<KnownFile, 'name' | 'sha256'>[]): string {
  const listing = files.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('')
  return createHash('sha256').update(listing).digest('hex')
}
