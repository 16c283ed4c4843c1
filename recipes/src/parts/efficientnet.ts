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
  xresnet50: { note: 'Five epochs; what the others are held against.' },
  resnet50: { change: { model: 'resnet50' }, note: 'Five epochs: 0.94 of the multiply-accumulates of xresnet50.' },
  'b0-equal-epochs': { change: { model: b0 }, note: 'Five epochs: 0.089 of the multiply-accumulates of xresnet50.' },
  'b0-equal-macs': {
    change: { model: b0, epochs: 56 },
    note: 'As many epochs as have the multiply-accumulates of five of xresnet50.',
  },
  'b0-equal-time': {
    change: { model: b0, epochs: 12 },
    note: 'As many epochs as take the time of five of xresnet50 on engine native: a step of B0 takes 0.42 of one of xresnet50, the least of four in turns, on a busy machine. To be measured again on a quiet one.',
  },
  'b0-reference': {
    change: {
      model: { use: 'efficientnet-b0' },
      optimizer: { use: 'rmsprop', learningRate: 4e-3, weightDecay: 1e-5, decayBias: true },
      schedule: { use: 'exponential', warmupEpochs: 5 },
      epochs: 56,
    },
    note: "The reference's norms, optimizer and schedule with its 0.016 a batch of 256, over the epochs of equal multiply-accumulates. Its weight decay is from memory of the code, not from the paper; it decays weights and biases, not norms.",
  },
} as const
