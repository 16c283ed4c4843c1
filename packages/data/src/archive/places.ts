import { fail } from '@tricklab/core'

/** Somewhere to look for a dataset. */
export interface Place<T> {
  /** For messages: `the cache /home/me/.cache/tricklab/fashion-mnist`. */
  readonly name: string
  /** What is there, or why there is nothing. Throws only what must end the search. */
  look(): Promise<{ readonly found: T } | { readonly missing: string }>
}

/**
 * Looks at the places one after the other; the first that has the dataset wins.
 * @param fix the one command that helps when none has it, from what was wrong where
 * @errors E_DATASET_MISSING with every place looked at and what was wrong there
 */
export async function searchPlaces<T>(
  dataset: string,
  places: readonly Place<T>[],
  fix: (tried: readonly string[]) => string,
): Promise<{ readonly found: T; readonly place: Place<T> }> {
  const tried: string[] = []
  for (const place of places) {
    const answer = await place.look()
    if ('found' in answer) return { found: answer.found, place }
    tried.push(`${place.name}: ${answer.missing}`)
  }
  return fail('E_DATASET_MISSING', {
    what: `The dataset ${dataset} was not found.`,
    expected: `its files in one of ${places.length} places.`,
    received: `\n${tried.map((line, index) => `  ${index + 1}. ${line}\n`).join('')} `,
    fix: fix(tried),
  })
}
