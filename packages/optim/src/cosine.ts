/** From `from` at `done` 0 to `to` at `done` 1 along half a cosine. */
export function cosine(from: number, to: number, done: number): number {
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * done))
}
