/** A list that may hold lists of its own, such as presets: only the order of what they hold counts. */
export type Nested<T> = readonly (T | Nested<T>)[]

/** What a list and the lists inside it hold, in order, each with its place: `callbacks[1][0]`. */
export function entriesOf<T>(list: Nested<T>, name: string): { readonly value: T; readonly place: string }[] {
  return list.flatMap((entry, index) => {
    const place = `${name}[${index}]`
    return Array.isArray(entry) ? entriesOf(entry as Nested<T>, place) : [{ value: entry as T, place }]
  })
}
