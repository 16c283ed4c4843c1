import type { Loss } from '@tricklab/core'
import type { DatasetFacts, Hyperparameters } from '@tricklab/core/contracts'
import type { Registry } from '@tricklab/core/plugin'
import { epochSize, learningRateOf, type NormalRecipe, type Row, stageRecipes } from '@tricklab/core/recipe'
import { describeRow } from '@tricklab/train'
import { type RowHead, rowHead } from '../record/row-head.ts'
import type { Manifest } from '../record/types.ts'
import { harnessHooks } from '../runner/harness.ts'
import type { Plan, StagePlan } from './check-log.ts'
import { type TablePlugins, tablePlugins } from './check-plugins.ts'

/** A row as its table declares it today, and what follows from that: what an accepted record must still agree with. */
export interface CurrentRow extends Plan {
  readonly head: RowHead
  /** Seeds that the record must hold. */
  readonly seeds: readonly number[]
  /** Undefined where the dataset says nothing of itself. */
  readonly facts: DatasetFacts | undefined
  readonly datasetName: string
  readonly precision: 'f32' | 'bf16'
  readonly hooks: Manifest['hooks']
  readonly plugins: TablePlugins
}

/** Everything about the record of a row that can be computed without training it. @errors those of the row's components */
export function currentRow(row: Row, { dataset }: Pick<Manifest, 'dataset'>): CurrentRow {
  const { recipe } = row
  const { registry, createMetrics, hookOrder } = describeRow(row)
  const facts = datasetFacts(recipe, registry)
  const sizes = facts?.contents ?? dataset
  // A record without `classes` is refused elsewhere; its metrics are still checked.
  const classes = facts?.classes ?? Array.from({ length: dataset.classes ?? 2 }, (_, index) => `class ${index}`)
  return {
    head: rowHead(row),
    seeds: row.recordedSeeds,
    facts,
    datasetName: recipe.data.dataset.use,
    precision: recipe.precision ?? 'f32',
    hooks: hookOrder(classes, harnessHooks),
    plugins: tablePlugins(registry, recipe),
    trainSize: sizes.train,
    validSize: sizes.valid,
    predictor: recipe.predictor?.use,
    staged: recipe.stages !== undefined,
    stages: stageRecipes(recipe).map((stage) => stagePlan(stage, sizes.train, registry)),
    metrics: createMetrics(classes),
    leastLoss: Math.min(...stageRecipes(recipe).map((stage) => leastOf(registry.create('loss', stage.loss, {})))),
  }
}

const leastOf = ({ least = -Infinity }: Loss): number => least

/** The facts, with the sizes of the splits that the row trains and validates with. */
export function datasetFacts({ data }: NormalRecipe, registry: Registry): DatasetFacts | undefined {
  const facts = registry.facts(data.dataset)
  if (facts?.contents === undefined || data.split === undefined) return facts
  const { contents } = facts
  const total = contents.train + contents.valid
  const valid = Math.floor(data.validFraction! * total)
  return { ...facts, contents: { ...contents, train: total - valid, valid } }
}

/** Length of a stage, and what its schedule says for every batch. */
function stagePlan(recipe: NormalRecipe, trainSize: number, registry: Registry): StagePlan {
  const { epochs, batchSize, data, accumulate = 1, optimizer, schedule } = recipe
  const { dropLast } = data
  const samples = epochSize(data, trainSize, registry)
  const batches = dropLast ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize)
  const stepsPerEpoch = Math.ceil(batches / accumulate)
  const learningRate = learningRateOf(optimizer)!
  const created = registry.create('schedule', schedule, {
    learningRate,
    totalSteps: stepsPerEpoch * epochs,
    stepsPerEpoch,
  })
  const rates = (epoch: number, index: number): Hyperparameters =>
    created.at(epoch * stepsPerEpoch + Math.floor(index / accumulate))
  return { epochs, batchSize, samples, dropLast, rates }
}
