import type { NamedParam } from '../contracts.ts'
import * as tf from '../tf.ts'

/**
 * The gradients of the batches that make one update: their mean over all samples, whatever the sizes of the batches.
 *
 * `m ← m + (g − m) · size/(samples + size)`, so the mean of one batch is its gradient to the bit.
 */
export class GradientGroup {
  private readonly means = new Map<string, tf.Tensor>()
  private samples = 0

  /** Takes over the gradients. A parameter that took no part in the batch has a gradient of 0 in it. */
  add(params: readonly NamedParam[], gradients: readonly tf.Tensor[], size: number): void {
    const share = size / (this.samples + size)
    const given = new Map(params.map(({ path }, index) => [path, gradients[index]!]))
    for (const path of new Set([...this.means.keys(), ...given.keys()])) {
      const [mean, gradient] = [this.means.get(path), given.get(path)]
      if (this.samples === 0) this.means.set(path, tf.keep(gradient!))
      else this.means.set(path, tf.keep(tf.tidy(() => moveTowards(mean, gradient, share))))
      if (this.samples > 0) tf.dispose([mean, gradient].filter((tensor) => tensor !== undefined))
    }
    this.samples += size
  }

  /** Hands the means over and begins anew. As in PyTorch, a parameter that took no part in the loss is left out. */
  take(trainable: readonly NamedParam[]): { params: NamedParam[]; gradients: tf.Tensor[] } {
    const params = trainable.filter(({ path }) => this.means.has(path))
    const gradients = params.map(({ path }) => this.means.get(path)!)
    this.means.clear()
    this.samples = 0
    return { params, gradients }
  }

  /** Samples gathered so far: above 0 only within a group. */
  get size(): number {
    return this.samples
  }

  /** The means by path; they still belong to the group. */
  tensors(): { readonly [path: string]: tf.Tensor } {
    return Object.fromEntries(this.means)
  }

  /** Takes over copies of saved means. */
  restore(tensors: { readonly [path: string]: tf.Tensor }, size: number): void {
    this.dispose()
    for (const [path, tensor] of Object.entries(tensors)) this.means.set(path, tf.keep(tf.clone(tensor)))
    this.samples = size
  }

  dispose(): void {
    tf.dispose([...this.means.values()])
    this.means.clear()
    this.samples = 0
  }
}

function moveTowards(mean: tf.Tensor | undefined, gradient: tf.Tensor | undefined, share: number): tf.Tensor {
  if (mean === undefined) return tf.mul(gradient!, share)
  if (gradient === undefined) return tf.mul(mean, 1 - share)
  return tf.add(mean, tf.mul(tf.sub(gradient, mean), share))
}
