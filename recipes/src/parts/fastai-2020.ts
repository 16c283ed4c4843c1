/**
 * fastai v2's train_imagenette.py of January 2020, which most rows of the leaderboard are: squeeze-and-excitation,
 * convolutions in 32 groups, self-attention at the end of the first stage, Mish; validation on the squashed photo; pixels
 * from 0 to 1, not normalised; half precision.
 */

/** `pool` is the script's option: what halves the shortcuts. The stem keeps its max pool. */
export const xseResnext50 = (pool: 'max-pool' | 'blurpool') =>
  ({
    use: 'xresnet50',
    widths: [128, 256, 512, 1024],
    expansion: 2,
    stemWidths: [32, 32, 64],
    slots: {
      act: 'mish',
      conv: { use: 'permuted-groups', groups: 32, design: 'none' },
      attention: [
        { use: 'se', width: 'fastai', activation: 'skeleton' },
        { use: 'ssa', where: 'stage1-last' },
      ],
      pool: { use: pool, where: 'shortcut' },
      residual: 'xresnet-block',
    },
  }) as const

/** What makes any row one of the script's; the archive of 320 px does for images up to 224. */
const script = (dataset: 'imagenette2' | 'imagewoof2', size: number, pool: 'max-pool' | 'blurpool') =>
  ({
    data: {
      dataset: { use: dataset, archive: size > 224 ? 'full' : '320' },
      train: { crop: { use: 'random-resized-crop', size, minScale: 0.35, flip: 0.5 } },
      valid: { crop: { use: 'squash-center-crop', size } },
      normalize: { kind: 'none' },
    },
    model: xseResnext50(pool),
    optimizer: {
      use: 'ranger',
      form: 'fastai-2',
      learningRate: 8e-3,
      beta1: 0.95,
      beta2: 0.99,
      epsilon: 1e-6,
      weightDecay: 1e-2,
    },
    schedule: { use: 'flat-cosine', pctStart: 0.75, divFinal: 1e5, toZero: false, wholeSteps: false },
    callbacks: ['label-smoothing'],
    accumulate: 1,
    batchSize: 64,
    precision: 'bf16',
  }) as const

/** The script as it is, and with MaxBlurPool instead of its max pool. */
export const fastai2020 = (dataset: 'imagenette2' | 'imagewoof2', size: number) =>
  ({ maxpool: script(dataset, size, 'max-pool'), maxblurpool: script(dataset, size, 'blurpool') }) as const

export const blurpoolNote =
  "ducha-aiki's runs of fastai v2's script with MaxBlurPool instead of the max pool. We take this to mean the pools in the shortcuts, because the option `pool` of the script changes those."
