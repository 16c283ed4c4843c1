import { createRng, fail, listParams, type Model, type Shape, TricklabError } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import { groupParams } from '@tricklab/core/params'
import * as tf from '@tricklab/core/tf'
import type { OpenStage } from './stages.ts'

/**
 * Tries a last training batch of one image before anything is trained: batch norm cannot take it where a channel holds
 * one value. Nothing of the model changes.
 * @errors E_SHAPE naming the stage and `dropLast`
 */
export function checkLastBatch(model: Model, stages: readonly Pick<OpenStage, 'row' | 'source'>[]): void {
  for (const [index, { row, source }] of stages.entries()) {
    const { batchSize } = row.recipe
    const samples = source.samples('train')
    const last = samples - (source.batches('train') - 1) * batchSize
    if (last !== 1) continue
    try {
      tryBatchOfOne(model, source.trainShape ?? source.imageShape)
    } catch (cause) {
      if (!(cause instanceof TricklabError) || cause.code !== 'E_SHAPE') throw cause
      const stage = stages.length > 1 ? ` of stage ${index + 1}` : ''
      fail('E_SHAPE', {
        what: `The model cannot train on the last batch of an epoch${stage}: ${cause.problems[0]!.what}`,
        expected: 'at least two images in every training batch.',
        received: `${samples} training images in batches of ${batchSize}, so the last batch holds one image.`,
        fix:
          batchSize === 1
            ? 'set `batchSize` to 2 or more.'
            : 'set `dropLast: true` in `data`, which leaves such a batch out, or choose another `batchSize`.',
        cause,
      })
    }
  }
}

/** One forward pass in training; running statistics are put back. */
function tryBatchOfOne(model: Model, imageShape: Shape): void {
  const buffers = listParams(model.params).filter(({ role }) => role === 'buffer')
  const before = buffers.map(({ value }) => tf.clone(value))
  try {
    tf.tidy(() => {
      model.apply(tf.zeros([1, ...imageShape]), { training: true, rng: createRng(0) })
    })
  } finally {
    for (const [index, { value }] of buffers.entries()) value.assign(before[index]!)
    tf.dispose(before)
  }
}

/** The groups of parameters of every stage must fit the model. @errors E_PARAMS naming the stage */
export function checkParamGroups(model: Model, stages: readonly Pick<OpenStage, 'row'>[]): void {
  for (const [index, { row }] of stages.entries()) {
    const stage = stages.length > 1 ? ` stage ${index + 1}` : ''
    groupParams(listParams(model.params), row.recipe.params ?? [], `${row.table.id}/${row.name}${stage}`)
  }
}

/**
 * Every stage must feed the one model, in training and in validation.
 * @errors E_SHAPE naming the stage, or the layer that its images cannot pass
 */
export function checkStages(
  model: Model,
  stages: readonly { readonly source: Pick<BatchSource, 'imageShape' | 'trainShape'> }[],
): void {
  for (const [index, { source }] of stages.entries()) {
    const { imageShape, trainShape } = source
    for (const shape of trainShape === undefined ? [imageShape] : [trainShape, imageShape]) {
      // Walks along the layers, each of which refuses what it cannot take.
      model.macs(shape)
      const last = model.layers.reduce<Shape>((before, { block }) => block.outputShape(before), shape)
      if (last.join() === [1, 1, model.classes].join()) continue
      fail('E_SHAPE', {
        what: `The model does not turn the images of stage ${index + 1} into one score for each class.`,
        expected: `[1, 1, ${model.classes}] after the last layer.`,
        received: `[${last.join(', ')}] from images of [${shape.join(', ')}].`,
        fix: 'use a model that ends in a global pooling, or one image size in training, validation and all stages.',
      })
    }
  }
}
