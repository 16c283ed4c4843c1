import path from 'node:path'

/** Files of one seed in a run folder. */
export const seedFiles = (folder: string, seed: number) => ({
  log: path.join(folder, `seed-${seed}.jsonl`),
  checkpoint: path.join(folder, `checkpoint-${seed}.safetensors`),
  weights: path.join(folder, `seed-${seed}.safetensors`),
  /** There while a process trains the seed. */
  lock: path.join(folder, `seed-${seed}.lock`),
})
