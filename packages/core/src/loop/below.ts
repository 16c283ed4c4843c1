import type { NamedTensors } from '../contracts.ts'

/** The tensors whose names begin with a prefix, by the rest of their names. */
export const below = (prefix: string, tensors: NamedTensors): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  )
