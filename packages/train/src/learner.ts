import type { Metric, Model, Rng, Schedule } from '@tricklab/core'
import type { BatchSource, Stage } from '@tricklab/core/contracts'
import { type BoundCallback, createHooks, Learner } from '@tricklab/core/loop'
import type { ScheduledGroup } from '@tricklab/core/params'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
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

/** A group with its schedules built: each goes on from the factor that it changes. */
function scheduledGroup(
  { schedule, decaySchedule, ...group }: ScheduledGroup<NormalUse>,
  from: (factor: number, use: NormalUse) => Schedule,
): ScheduledGroup<Schedule> {
  return {
    ...group,
    ...(schedule === undefined ? {} : { schedule: from(group.learningRate ?? 1, schedule) }),
    ...(decaySchedule === undefined ? {} : { decaySchedule: from(group.weightDecay ?? 1, decaySchedule) }),
  }
}

/** Builds everything that one stage names, around a model. */
export function createStageLearner(
  { row, source, epochs, start }: Omit<OpenStage, 'split'>,
  { model, registry, rng, seed }: SeedParts,
  { callbacks = [], metrics = [], signal }: LearnerOptions = {},
): Learner {
  const { recipe } = row
  const { accumulate, optimizer, params } = recipe
  const stepsPerEpoch = Math.ceil(source.batches('train') / (accumulate ?? 1))
  const steps = { totalSteps: stepsPerEpoch * epochs, stepsPerEpoch }
  const scheduleFrom = (learningRate: number, use: NormalUse) =>
    registry.create('schedule', use, { learningRate, ...steps })
  const parts = {
    model,
    loss: registry.create('loss', recipe.loss, {}),
    optimizer: registry.create('optimizer', optimizer, {}),
    schedule: scheduleFrom(learningRateOf(optimizer)!, recipe.schedule),
    ...(recipe.decaySchedule === undefined ? {} : { decaySchedule: scheduleFrom(1, recipe.decaySchedule) }),
    metrics: [...createMetrics(row, source.classes, registry), ...metrics],
    source,
    epochs,
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(params === undefined ? {} : { groups: params.map((group) => scheduledGroup(group, scheduleFrom)) }),
    ...(start === undefined ? {} : { start }),
    rng,
    seed,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Learner(parts, createHooks([...bindRecipeCallbacks(row, registry, source), ...callbacks]))
}
