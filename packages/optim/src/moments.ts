import * as tf from '@tricklab/core/tf'

/** The tensors that an optimizer keeps for each parameter, named `path/moment`; zeros until first set. */
export interface Moments<N extends string> {
  get(path: string, name: N, shape: number[]): tf.Tensor
  /** Takes ownership of `value`. */
  set(path: string, name: N, value: tf.Tensor): void
  state(): { readonly [name: string]: tf.Tensor }
  restore(state: { readonly [name: string]: tf.Tensor }): void
  dispose(): void
}

export function createMoments<N extends string>(): Moments<N> {
  const tensors = new Map<string, tf.Tensor>()

  function store(key: string, value: tf.Tensor): tf.Tensor {
    tensors.get(key)?.dispose()
    // A step may run inside somebody's tidy; what is kept here must outlive it.
    tensors.set(key, tf.keep(value))
    return value
  }

  function dispose(): void {
    for (const tensor of tensors.values()) tensor.dispose()
    tensors.clear()
  }

  return {
    get(path, name, shape) {
      const key = `${path}/${name}`
      return tensors.get(key) ?? store(key, tf.zeros(shape))
    },
    set(path, name, value) {
      store(`${path}/${name}`, value)
    },
    state: () => Object.fromEntries(tensors),
    restore(state) {
      // Copies first: the state given may be our own.
      const copies = Object.entries(state).map(([key, value]) => [key, tf.clone(value)] as const)
      dispose()
      for (const [key, copy] of copies) store(key, copy)
    },
    dispose,
  }
}
