import type { NamedParam } from '@tricklab/core'
import type { NamedTensors } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'

/** Moving averages of parameters, by path. */
export interface Average {
  /** Takes parameters in that are not averaged yet, as they are. */
  begin(params: readonly NamedParam[]): void
  /** Moves every average towards its parameter. */
  update(params: readonly NamedParam[], decay: number): void
  /** The averages; still owned here. */
  tensors(): NamedTensors
  /** Takes over copies of saved averages. */
  restore(saved: NamedTensors): void
  dispose(): void
}

/**
 * `a ← d·a + (1 − d)·w`, from the first weights on. Exactly w where d is 0.
 * @paper Polyak & Juditsky 1992; as in timm's ModelEmaV2, buffers are averaged too
 */
export function createAverage(): Average {
  const averages = new Map<string, tf.Tensor>()

  function put(path: string, value: tf.Tensor): void {
    averages.get(path)?.dispose()
    averages.set(path, tf.keep(value))
  }

  return {
    begin(params) {
      for (const { path, value } of params) if (!averages.has(path)) put(path, tf.clone(value))
    },
    update(params, decay) {
      for (const { path, value } of params) {
        const average = averages.get(path)!
        put(
          path,
          tf.tidy(() => tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay))),
        )
      }
    },
    tensors: () => Object.fromEntries(averages),
    restore(saved) {
      for (const [path, value] of Object.entries(saved)) put(path, tf.clone(value))
    },
    dispose() {
      tf.dispose([...averages.values()])
      averages.clear()
    },
  }
}

/** The decay of update n, from 0: from 1/10 on it rises to `decay`, where it is warmed up. */
export const decayAt = (update: number, { decay, warmup }: { readonly decay: number; readonly warmup: boolean }) =>
  warmup ? Math.min(decay, (1 + update) / (10 + update)) : decay
