import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import type { Row } from '@tricklab/core/recipe'
import type { ProgressSink } from '@tricklab/train'
import type { Manifest, ResumedRun } from '../record/types.ts'
import { readManifest, rowFolder } from './run-folder.ts'

/** What a run is made of, as far as a resumed one is compared with it. */
export type RunParts = Pick<Manifest, 'recipeHash' | 'engine' | 'partial' | 'environment'> & {
  readonly dataset: Pick<Manifest['dataset'], 'digest'>
}

type Difference = readonly [what: string, then: string, now: string]

/**
 * The newest run of the row under the same limits that a resumed one would continue to the bit, as far as anybody can
 * tell: same recipe, dataset, engine, precision and threads.
 * @returns undefined when there is none, and nothing unfinished that would be left behind
 * @errors E_RESUME_MISMATCH when there is only an unfinished run that differs
 */
export function findResumable(out: string, row: Row, now: RunParts, progress: ProgressSink): string | undefined {
  const parent = rowFolder(out, row)
  const runs = existsSync(parent) ? readdirSync(parent).sort().reverse() : []
  let unfinished: { folder: string; differences: readonly Difference[] } | undefined
  for (const folder of runs.map((name) => path.join(parent, name))) {
    const found = readManifest(folder)
    if (found === 'missing') continue
    if ('fault' in found) {
      progress({
        kind: 'notice',
        message: `${folder} is passed over: its manifest.json cannot be read (${found.fault}).`,
      })
      continue
    }
    const { manifest } = found
    if (hashJson({ ...manifest.partial }) !== hashJson({ ...now.partial })) continue
    const differences = decisiveDifferences(manifest, now)
    if (differences.length === 0) return folder
    if (manifest.ended === null) unfinished ??= { folder, differences }
  }
  if (unfinished === undefined) return undefined
  const show = (side: 1 | 2) =>
    `${unfinished.differences.map((difference) => `${difference[0]} ${difference[side]}`).join(', ')}.`
  return fail('E_RESUME_MISMATCH', {
    what: `The unfinished run ${unfinished.folder} cannot be continued: something that changes its results is different now.`,
    expected: show(1),
    received: show(2),
    fix: 'use the same settings as at its start, or run without --resume to start a new run.',
  })
}

/** What decides about results, where it differs. */
function decisiveDifferences(then: RunParts, now: RunParts): Difference[] {
  const pairs: Difference[] = [
    ['recipe', then.recipeHash.slice(0, 12), now.recipeHash.slice(0, 12)],
    ['dataset', then.dataset.digest.slice(0, 12), now.dataset.digest.slice(0, 12)],
    ['engine', then.engine.name, now.engine.name],
    ['precision', then.engine.precision, now.engine.precision],
    ['threads', `${then.engine.threads}`, `${now.engine.threads}`],
  ]
  return pairs.filter(differs)
}

/**
 * Where seeds go on in another environment than the run had last: what may change the last bits of a result, or only where
 * it was made.
 * @returns what the manifest records and the user is told; undefined where nothing differs
 */
export function describeResumption(before: Manifest, now: RunParts, seeds: readonly number[]) {
  const then = before.resumed?.at(-1) ?? before
  const was = new Map([...words(then.engine), ...words(then.environment)])
  const is = [...words(now.engine), ...words(now.environment)]
  const changed = is.filter(([key, value]) => was.get(key) !== value)
  if (changed.length === 0) return undefined
  const { engine, environment } = now
  const entry: ResumedRun = { seeds, engine, environment, started: new Date().toISOString() }
  return { entry, text: changed.map(([key, value]) => `${key} ${was.get(key) ?? 'none'} → ${value}`).join(', ') }
}

/** The entries of an object as text that fits a line; equal texts of equal values only. */
function words(of: object): [key: string, value: string][] {
  return Object.entries(of).map(([key, value]) => {
    if (value === null) return [key, 'none']
    const text = typeof value === 'object' ? hashJson(value) : `${value}`
    return [key, /^[0-9a-f]{40,64}$/.test(text) ? text.slice(0, 12) : text]
  })
}

const differs = ([, then, now]: Difference) => then !== now
