import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'

/**
 * SlowAI, "ResNets": can FashionMNIST be learned to 90 % in three epochs, and do shortcuts help?
 *
 * Every configuration was run once by its author, with one seed for the whole notebook. What the page leaves to its
 * library: AdamW with PyTorch's defaults (decay on everything), OneCycleLR with cycled momentum, pixels normalised by
 * one mean and deviation estimated from 100 images, no shuffling, the last batch of 96 kept.
 */
export default defineTable({
  id: 'fashionmnist-resnets',
  title: 'FashionMNIST, 3 epochs: plain, residual and doubled convolutions',
  source: 'SlowAI, "ResNets" (004_cd1f3549efaaf2f2.txt)',
  plugins: [data, nn, optim],
  base: {
    data: {
      dataset: 'fashion-mnist',
      normalize: { kind: 'sample-scalar', images: 100 },
      shuffle: false,
      dropLast: false,
    },
    model: { use: 'slowai-deeper-cnn', slots: { block: 'conv' } },
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.01 },
    schedule: 'one-cycle',
    metrics: [{ use: 'accuracy', average: 'macro' }],
    epochs: 3,
    batchSize: 512,
    seeds: [1, 2, 3],
    tolerance: 0.015,
  },
  rows: {
    conv: {
      reported: {
        runs: [0.895],
        curve: {
          train: { accuracy: [0.783, 0.885, 0.913], loss: [0.764, 0.364, 0.271] },
          valid: { accuracy: [0.818, 0.873, 0.895], loss: [0.544, 0.366, 0.314] },
        },
      },
    },
    residual: {
      change: { model: { slots: { block: 'residual-conv' } } },
      reported: {
        runs: [0.915],
        curve: {
          train: { accuracy: [0.807, 0.894, 0.926], loss: [0.583, 0.289, 0.201] },
          valid: { accuracy: [0.869, 0.893, 0.915], loss: [0.384, 0.288, 0.228] },
        },
      },
    },
    'double-conv': {
      change: { model: { slots: { block: 'double-conv' } } },
      reported: {
        runs: [0.91],
        curve: {
          train: { accuracy: [0.793, 0.889, 0.92], loss: [0.73, 0.348, 0.247] },
          valid: { accuracy: [0.806, 0.898, 0.91], loss: [0.599, 0.304, 0.275] },
        },
      },
    },
    'timm-resnet18': {
      change: { model: 'resnet18' },
      // A run costs thirty times one of `conv`.
      seeds: [1, 2],
      reported: {
        runs: [0.906],
        curve: {
          train: { accuracy: [0.776, 0.884, 0.914], loss: [0.663, 0.312, 0.23] },
          valid: { accuracy: [0.729, 0.89, 0.906], loss: [0.935, 0.316, 0.26] },
        },
      },
    },
  },
})
