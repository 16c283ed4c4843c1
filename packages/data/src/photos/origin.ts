import { knownPhotos } from './known-digests.ts'

/** Where the photos of a dataset come from, as far as their place says it. */
export interface PhotoOrigin {
  /** What was found, in words: `the folder imagewoof2-320`. */
  readonly found: string
  /** The official archive that it was unpacked from after its checksum was verified; absent for anything else. */
  readonly archive?: string
  /** No SHA-256 of that archive is published: its length, the MD5 of its first MiB and gzip's checksum were verified. */
  readonly unproven?: boolean
  /** The archive that the recipe asks for. */
  readonly wanted: string
}

/**
 * What a record must say of where its photos come from; nothing where they are the verified archive that the recipe asks
 * for.
 * @param digest that of version 2 of the dataset, of the files as they lie there
 */
export function describeOrigin({ found, archive, unproven = false, wanted }: PhotoOrigin, digest: string): string[] {
  const known = knownPhotos(digest)
  const official = known?.kind === 'official' ? `${known.family}-${known.shorterSide}` : undefined
  if (archive === wanted && (known === undefined ? !unproven : official === wanted)) return []
  const asked = (official ?? archive) === wanted ? '' : ` (the recipe asks for ${wanted})`
  if (known !== undefined) return [`Data: ${known.what}, from ${found}${asked}.`]
  if (unproven) {
    return [`Data: ${found}, verified by length, MD5 of the first MiB and gzip's checksum, not by a SHA-256${asked}.`]
  }
  if (archive !== undefined) return [`Data: ${found}, another official archive${asked}.`]
  return [`Data: ${found} as given, not known to be the archive ${wanted} that the recipe asks for.`]
}
