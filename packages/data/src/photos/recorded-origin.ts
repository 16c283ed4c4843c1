import { knownPhotos } from './known-digests.ts'

/** What a record says about the photos that were read. */
export interface RecordedOrigin {
  /** The photos in the words of the note. */
  readonly what: string
  readonly kind: 'official' | 're-encoded' | 'as given'
  /** Undefined where the note does not tell it, as of the original photos. @unit pixels */
  readonly shorterSide: number | undefined
  /** The archive that the recipe asks for, where other photos than its were read. */
  readonly wanted: string | undefined
}

/**
 * Reads what `describeOrigin` wrote, in today's words and in those of older records, which did not know photos by their
 * digest. Undefined where the note does not speak of photos: they are then the archive that the recipe asks for, or there
 * are none.
 */
export function readOrigin(note: string | undefined, digest: string): RecordedOrigin | undefined {
  const words = /(?:^|\s)Data: (.+?)(?: \(the recipe asks for ([^)]+)\))?(?:, not a verified archive)?\.(?=\s|$)/
  const found = words.exec(note ?? '')
  if (found === null) return undefined
  const known = knownPhotos(digest)
  if (known !== undefined && / as given$/.test(found[1]!)) {
    const { kind, shorterSide } = known
    return { what: `${found[1]}, which are the ${kind} ${shorterSide} px photos`, kind, shorterSide, wanted: found[2] }
  }
  const what = found[1]!
  const unknown = / as given, not known to be the archive (\S+) that the recipe asks for$/.exec(what)
  const side = /shorter side of (\d+) px/.exec(what) ?? /official (\d+) px/.exec(what) ?? /^\S+-(\d+)\.tgz,/.exec(what)
  return {
    what,
    kind:
      unknown !== null || / as given$/.test(what) ? 'as given' : /re-encoded/.test(what) ? 're-encoded' : 'official',
    shorterSide: unknown !== null || side === null ? undefined : Number(side[1]),
    wanted: unknown?.[1] ?? found[2],
  }
}
