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

/** Sets of photos that are recognised by what they are, wherever they lie: by the digest of version 2 of the dataset. */
const knownPhotos: { readonly [digest: string]: { readonly archive?: string; readonly what: string } } = {
  c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67: {
    archive: 'imagewoof2-320',
    what: 'the official 320 px photos of Imagewoof v2',
  },
  b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364: {
    what: 'the photos of Imagewoof v2 re-encoded from 320 px to a shorter side of 224 px, no official archive',
  },
}

/**
 * What a record must say of where its photos come from; nothing where they are the verified archive that the recipe asks
 * for.
 * @param digest that of version 2 of the dataset, of the files as they lie there
 */
export function describeOrigin({ found, archive, unproven = false, wanted }: PhotoOrigin, digest: string): string[] {
  const known = knownPhotos[digest]
  if (archive === wanted && (known === undefined ? !unproven : known.archive === wanted)) return []
  const asked = (known?.archive ?? archive) === wanted ? '' : ` (the recipe asks for ${wanted})`
  if (known !== undefined) return [`Data: ${known.what}, from ${found}${asked}.`]
  if (unproven) {
    return [`Data: ${found}, verified by length, MD5 of the first MiB and gzip's checksum, not by a SHA-256${asked}.`]
  }
  if (archive !== undefined) return [`Data: ${found}, another official archive${asked}.`]
  return [`Data: ${found} as given, not known to be the archive ${wanted} that the recipe asks for.`]
}
