import path from 'node:path'
import type { Json } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { hashJson } from '@tricklab/core/hash'
import { problem } from './problem.ts'
import type { RunRecord } from './read.ts'

/** Hashes that an accepted record carries, so that a later edit of any of its files does not go unnoticed. */
export interface Seal {
  /** Of the canonical JSON of the manifest without its seal. */
  readonly manifest: string
  /** Of the bytes of every `seed-N.jsonl`, by its name. */
  readonly files: { readonly [name: string]: string }
}

/** The seal of a record as it stands. */
export function sealOf({ manifest, logs }: Pick<RunRecord, 'manifest' | 'logs'>): Seal {
  const { seal: _seal, ...sealed } = manifest
  const files = logs.map(({ file, sha256 }) => [path.basename(file), sha256] as const)
  return { manifest: hashJson(sealed as unknown as Json), files: Object.fromEntries(files) }
}

const fix = 'undo the edit; if the edit is right, accept the record once more: `pnpm repro accept` renews the seal.'

/**
 * Verifies the seal of an accepted record. It guards what stands nowhere else, such as the name of the processor. Whoever
 * edits a record can also seal it again, so it takes the place of no other check.
 */
export function checkSeal(record: RunRecord): Problem[] {
  const { seal } = record.manifest
  if (seal === undefined) return [problem('The record has no seal.', 'the seal that accepting gives', 'none', fix)]
  const now = sealOf(record)
  const names = new Set([...Object.keys(now.files), ...Object.keys(seal.files)])
  const edited = [
    ...(now.manifest === seal.manifest ? [] : ['manifest.json']),
    ...[...names].filter((name) => now.files[name] !== seal.files[name]),
  ]
  return edited.map((name) => problem(`${name} is not the file that was accepted.`, undefined, undefined, fix))
}
