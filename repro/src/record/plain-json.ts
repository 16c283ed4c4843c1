/**
 * Whether a text is just what its value is written as, up to white space. `JSON.parse` takes the second of two equal keys
 * without a word, and reads `1.0e0` and `-0`, which nothing here writes.
 */
export function isPlainJson(text: string, value: unknown): boolean {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1') === JSON.stringify(value)
}
