/**
 * What the forum's Imagewoof entries of 2019 and 2020 have in common: fastai v1, "flat and anneal", label smoothing.
 * The pieces are data for `defineTable`; every table says for itself what it adds.
 */

/** Random regions of 35 to 100 % of the photo and a flip; validation on the centre of the photo at size + 32. */
export const presized = (size: number) =>
  ({
    train: { crop: { use: 'random-resized-crop', size, minScale: 0.35, flip: 0.5 } },
    valid: { crop: { use: 'resize-center-crop', size } },
  }) as const

export const forumData = {
  normalize: { kind: 'imagenet' },
  shuffle: true,
  dropLast: true,
} as const

/** fastai v1's fit_fc: the rate stays for this share of the steps, then falls to 0 by a cosine. */
export const flatAndAnneal = (share: number) =>
  ({ use: 'flat-cosine', pctStart: share, toZero: true, wholeSteps: true }) as const

/** Ranger 9.3.19 at 4e-3 without gradient centralisation: the defaults of the plugin are the entries' settings. */
export const ranger = { use: 'ranger', learningRate: 4e-3 } as const

export const metrics = ['accuracy', { use: 'top-k-accuracy', k: 5 }] as const

/** Mean over the runs of what each printed after every epoch; written as the source prints it, six decimals. */
export function meanCurve(runs: readonly (readonly number[])[]): number[] {
  return runs[0]!.map((_, epoch) => {
    const sum = runs.reduce((total, run) => total + run[epoch]!, 0)
    return Number((sum / runs.length).toFixed(6))
  })
}
