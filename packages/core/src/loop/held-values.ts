import type { NamedParam } from '../contracts.ts'
import * as tf from '../tf.ts'

/** Values of parameters to come back to. */
export interface HeldValues {
  /** Gives the parameters their values back, and lets go of them. */
  restore(): void
  /** Lets go of the values. */
  dispose(): void
}

/** Holds the values as they are now. An update puts new tensors in their place, so nothing is copied. */
export function holdValues(params: readonly NamedParam[]): HeldValues {
  const values = params.map(({ value }) => tf.clone(value))
  return {
    restore() {
      for (const [index, { value }] of params.entries()) value.assign(values[index]!)
      tf.dispose(values)
    },
    dispose: () => tf.dispose(values),
  }
}
