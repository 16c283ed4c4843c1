import { fail } from './errors/index.ts'

/** A list that may hold lists of its own, such as presets: only the order of what they hold counts. */
export type Nested<T> = readonly (T | Nested<T>)[]

/**
 * What a list and the lists inside it hold, in order, each with its place: `callbacks[1][0]`.
 * @errors E_RECIPE where a list lies inside itself
 */
export function entriesOf<T>(list: Nested<T>, name: string): { readonly value: T; readonly place: string }[] {
  return entriesBelow(list, name, [])
}

function entriesBelow<T>(list: Nested<T>, name: string, above: readonly Nested<T>[]): ReturnType<typeof entriesOf<T>> {
  if (above.includes(list)) {
    fail('E_RECIPE', {
      what: `${name} is a list that lies inside itself.`,
      expected: 'lists that end somewhere.',
      fix: 'leave the list out there, and look where it is put into itself.',
    })
  }
  return list.flatMap((entry, index) => {
    const place = `${name}[${index}]`
    return Array.isArray(entry)
      ? entriesBelow(entry as Nested<T>, place, [...above, list])
      : [{ value: entry as T, place }]
  })
}
