/** `softmax(z)_k = exp(z_k − max z) / Σ_j exp(z_j − max z)`. */
export function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - highest))
  const total = powers.reduce((sum, power) => sum + power, 0)
  return powers.map((power) => power / total)
}

/** `−Σ_k targets_k · log softmax(logits)_k` of one sample. */
export function softmaxCrossEntropy(logits: readonly number[], targets: readonly number[]): number {
  // Not log(softmax): a probability may underflow to 0 where its logarithm is an ordinary number.
  const highest = Math.max(...logits)
  const logTotal = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0))
  return -targets.reduce((sum, target, k) => sum + target * (logits[k]! - highest - logTotal), 0)
}
