import { flatAndAnneal, forumData, metrics, presized, ranger } from './forum-2019.ts'

/**
 * The comparison that the EfficientNet thread set out to make and never printed: one data pipeline, optimizer and schedule
 * for all networks, those of the forum's entries of the time, at 128 px.
 */
export const comparison = (dataset: 'imagenette2' | 'imagewoof2') =>
  ({
    data: { dataset: { use: dataset, archive: '160' }, ...presized(128), ...forumData },
    model: 'xresnet50',
    loss: 'cross-entropy',
    optimizer: ranger,
    schedule: flatAndAnneal(0.72),
    metrics,
    callbacks: ['label-smoothing'],
    epochs: 5,
    batchSize: 64,
    seeds: [1, 2, 3, 4, 5],
  }) as const

// On a training of some hundred steps the reference's statistics, 1 % of every batch, would still remember the start.
const b0 = { use: 'efficientnet-b0', normMomentum: 0.1 } as const

/**
 * Multiply-accumulates of one image at 128 px: xresnet50 1,412,845,568, ResNet-50 1,334,595,584, B0 125,997,568: 11.2
 * epochs of B0 to one of xresnet50.
 */
export const comparedRows = {
  xresnet50: { note: 'Five epochs. The other rows are compared with this one.' },
  resnet50: {
    change: { model: 'resnet50' },
    note: 'Five epochs, with 0.94 times the multiply-accumulates of xresnet50.',
  },
  'b0-equal-epochs': {
    change: { model: b0 },
    note: 'Five epochs, with 0.089 times the multiply-accumulates of xresnet50.',
  },
  'b0-equal-macs': {
    change: { model: b0, epochs: 56 },
    note: '56 epochs of B0 have as many multiply-accumulates as five epochs of xresnet50.',
  },
  'b0-equal-time': {
    change: { model: b0, epochs: 12 },
    note: 'Twelve epochs of B0 take about as long as five epochs of xresnet50 on the engine native. This is a rough estimate without a record, made on a busy machine.',
  },
  'b0-reference': {
    change: {
      model: { use: 'efficientnet-b0' },
      optimizer: { use: 'rmsprop', learningRate: 4e-3, weightDecay: 1e-5, decayBias: true },
      schedule: { use: 'exponential', warmupEpochs: 5 },
      epochs: 56,
    },
    note: 'Norms, optimizer and schedule of the reference code, with its learning rate of 0.016 for a batch of 256, for as many epochs as b0-equal-macs. The weight decay was not checked against the paper or the code; it applies to weights and biases, not to norms.',
  },
} as const
