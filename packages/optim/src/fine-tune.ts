import type { ParamGroup } from '@tricklab/core/params'

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
  /**
   * Where the parameters of all but the last layers are, from the first group of layers to the last: patterns as in `params`,
   * such as `['stem', 'stage*']`. The first stage freezes them but for their norms; in the second their rates rise evenly
   * from group to group. Default: none, a model of one group.
   */
  readonly body?: readonly string[]
  /** By how much the first group's rate of the second stage is smaller than the last layers'. Default 100. */
  readonly lrMult?: number
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
  /** Absent for a model of one group. */
  readonly params?: readonly ParamGroup[]
}

/** What both stages may change beside what `fineTune` sets: the image size, the batch size. */
type Change = { readonly [K in keyof FineTuneStage]?: never }

/**
 * The two stages of fastai's `fine_tune`: a cycle that rises over 99 % of `freezeEpochs` to the learning rate, with the body
 * frozen, then one over `epochs` with half of it, where the body has smaller rates. The optimizer begins anew in both.
 * @param change of both stages, such as `{ data: { train: …, valid: … } }` for larger images
 * @differs none; where no `body` is named the model is one group, which has nothing to freeze
 */
export function fineTune<const C extends object = object>(
  {
    epochs,
    learningRate = 2e-3,
    freezeEpochs = 1,
    pctStart = 0.3,
    div = 5,
    momenta = [0.95, 0.85, 0.95],
    body = [],
    lrMult = 100,
  }: FineTuneOptions,
  change: C & Change = {} as C & Change,
): readonly [C & FineTuneStage, C & FineTuneStage] {
  const cycle = { use: 'fit-one-cycle', divFinal: 1e5, momenta } as const
  const groups = (settings: (index: number) => Omit<ParamGroup, 'match'>) =>
    body.length === 0 ? {} : { params: body.map((match, index): ParamGroup => ({ match, ...settings(index) })) }
  return [
    {
      ...change,
      epochs: freezeEpochs,
      optimizer: { learningRate },
      schedule: { ...cycle, pctStart: 0.99, div: 25 },
      ...groups(() => ({ role: ['weight', 'bias', 'scale', 'token'], freeze: true })),
    },
    {
      ...change,
      epochs,
      optimizer: { learningRate: learningRate / 2 },
      schedule: { ...cycle, pctStart, div },
      ...groups((index) => ({ learningRate: lrMult ** (index / body.length - 1) })),
    },
  ]
}
