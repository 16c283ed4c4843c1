import type { Metric, Model, Rng } from '@tricklab/core'
import type { BatchSource, Stage } from '@tricklab/core/contracts'
import { type BoundCallback, createHooks, Learner } from '@tricklab/core/loop'
import type { Registry } from '@tricklab/core/plugin'
import { learningRateOf, type Row } from '@tricklab/core/recipe'
import type { OpenStage } from './stages.ts'

/** The metrics of a row. @errors E_OPTION_RANGE where one says nothing about so few classes */
export function createMetrics({ recipe }: Row, classes: readonly string[], registry: Registry): Metric[] {
  return recipe.metrics.map((metric) => registry.create('metric', metric, { classes }))
}

/** The callbacks that a recipe names, in its order. */
export function bindRecipeCallbacks(row: Row, registry: Registry, source: BatchSource): BoundCallback[] {
  const registered = registry.list('callback')
  const metrics = createMetrics(row, source.classes, registry)
  return row.recipe.callbacks.map((use) => {
    const { plugin, component } = registered.find(({ name }) => name === use.use)!
    const stage = (component.stage as Stage | undefined) ?? 'augment'
    return { name: use.use, plugin, stage, callback: registry.create('callback', use, { source, metrics }) }
  })
}

/** What a learner has beside what the recipe of its stage names. */
export interface LearnerOptions {
  readonly callbacks?: readonly BoundCallback[]
  readonly metrics?: readonly Metric[]
  /** Asks the loop to stop after the step at hand. */
  readonly signal?: AbortSignal | undefined
}

/** What all stages of a seed share. */
interface SeedParts {
  readonly model: Model
  readonly registry: Registry
  readonly rng: Rng
  readonly seed: number
}

/** Builds everything that one stage names, around a model. */
export function createStageLearner(
  { row, source, epochs, start }: Omit<OpenStage, 'split'>,
  { model, registry, rng, seed }: SeedParts,
  { callbacks = [], metrics = [], signal }: LearnerOptions = {},
): Learner {
  const { recipe } = row
  const { accumulate, optimizer, decaySchedule } = recipe
  const stepsPerEpoch = Math.ceil(source.batches('train') / (accumulate ?? 1))
  const steps = { totalSteps: stepsPerEpoch * epochs, stepsPerEpoch }
  const parts = {
    model,
    loss: registry.create('loss', recipe.loss, {}),
    optimizer: registry.create('optimizer', optimizer, {}),
    schedule: registry.create('schedule', recipe.schedule, { learningRate: learningRateOf(optimizer)!, ...steps }),
    ...(decaySchedule === undefined
      ? {}
      : { decaySchedule: registry.create('schedule', decaySchedule, { learningRate: 1, ...steps }) }),
    metrics: [...createMetrics(row, source.classes, registry), ...metrics],
    source,
    epochs,
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(recipe.params === undefined ? {} : { groups: recipe.params }),
    ...(start === undefined ? {} : { start }),
    rng,
    seed,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Learner(parts, createHooks([...bindRecipeCallbacks(row, registry, source), ...callbacks]))
}
