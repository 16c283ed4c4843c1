/** Names and defaults as fastai's `fine_tune`. */
export interface FineTuneOptions {
  /** Epochs of the second stage. */
  readonly epochs: number
  /** Peak of the first stage; the second's is half of it. Default 2e-3. */
  readonly learningRate?: number
  /** Epochs of the first stage, which fastai trains with all but the last layers frozen. Default 1. */
  readonly freezeEpochs?: number
  /** Share of the second stage in which the learning rate rises. Default 0.3. */
  readonly pctStart?: number
  /** The second stage begins at its peak / div. Default 5. */
  readonly div?: number
  /** Momenta of both stages at the start, the peak and the end; empty leaves the optimizer's alone. */
  readonly momenta?: readonly number[]
}

/** One of the two stages, ready to stand in a recipe's `stages`. */
export interface FineTuneStage {
  readonly epochs: number
  readonly optimizer: { readonly learningRate: number }
  readonly schedule: {
    readonly use: 'fit-one-cycle'
    readonly pctStart: number
    readonly div: number
    readonly divFinal: number
    readonly momenta: readonly number[]
  }
}

/** What both stages may change beside what `fineTune` sets: the image size, the batch size. */
type Change = { readonly [K in keyof FineTuneStage]?: never }

/**
 * The two stages of fastai's `fine_tune` for a model of one parameter group, which has nothing to freeze: a cycle that
 * rises over 99 % of `freezeEpochs` to the learning rate, then one over `epochs` with half of it. The optimizer begins
 * anew in both.
 * @param change of both stages, such as `{ data: { train: …, valid: … } }` for larger images
 * @differs from fastai with several parameter groups: it freezes all but the last, and lowers the rates of the first
 */
export function fineTune<const C extends object = object>(
  {
    epochs,
    learningRate = 2e-3,
    freezeEpochs = 1,
    pctStart = 0.3,
    div = 5,
    momenta = [0.95, 0.85, 0.95],
  }: FineTuneOptions,
  change: C & Change = {} as C & Change,
): readonly [C & FineTuneStage, C & FineTuneStage] {
  const cycle = { use: 'fit-one-cycle', divFinal: 1e5, momenta } as const
  return [
    { ...change, epochs: freezeEpochs, optimizer: { learningRate }, schedule: { ...cycle, pctStart: 0.99, div: 25 } },
    { ...change, epochs, optimizer: { learningRate: learningRate / 2 }, schedule: { ...cycle, pctStart, div } },
  ]
}
