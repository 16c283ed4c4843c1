import type { Json } from '../json.ts'
import type { AnyRegistration } from '../plugin/define.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { checkDecay } from './check-decay.ts'
import { componentField, componentsField, countField } from './component-fields.ts'
import { dataField } from './data.ts'
import {
  type BaseOf,
  type ChangeOf,
  type Fields,
  type NormalOf,
  type NormalStageOf,
  type Plain,
  type StageOf,
  written,
} from './field.ts'
import { modelField } from './model-field.ts'
import { learningRateOf } from './optimizer-numbers.ts'
import { paramsField } from './params.ts'
import { weightsField } from './weights.ts'

const optimizer = componentField('optimizer', { optional: false, stage: 'may' })
const decaySchedule = componentField('schedule', { optional: true, stage: 'may' })

/** The fields of a recipe, each declared here and nowhere else, in the order in which problems are told. */
export const recipeFields = {
  data: dataField,
  model: modelField,
  /**
   * The weights that the training begins with, instead of those that the seed draws. Every tensor of the file and of the
   * model must have its counterpart, but those that `except` names.
   */
  weights: weightsField,
  /**
   * Parameters that are trained in another way than the others: factors of the schedule's learning rate and of the
   * optimizer's weight decay, which may have schedules, or not trained at all. A parameter may be in one group at most.
   */
  params: paramsField,
  loss: componentField('loss', { optional: false, stage: 'may' }),
  optimizer: {
    ...optimizer,
    /** The schedule begins from its rate. */
    read(value: Json | undefined, at): NormalUse {
      const before = at.problems.length
      const use = optimizer.read(value, at)
      if (at.problems.length === before && learningRateOf(use) === undefined) {
        at.problems.push({
          code: 'E_RECIPE',
          what: `${at.row}: the optimizer "${use.use}" has no learning rate, and none inside it.`,
          expected: 'an option `learningRate`, its own or that of an optimizer that it wraps.',
          fix: 'report it to the author of its plugin, or choose another optimizer.',
        })
      }
      return use
    },
  },
  schedule: componentField('schedule', { optional: false, stage: 'may' }),
  /**
   * How the optimizer's weight decay goes over the training: a schedule that begins from 1 and multiplies it. What the
   * schedule says of momentum is not used. Default: the decay stays as it is.
   */
  decaySchedule: {
    ...decaySchedule,
    read(value, at): NormalUse | undefined {
      if (value !== undefined) checkDecay(at)
      return decaySchedule.read(value, at)
    },
  },
  /** Scores of every epoch. Lists inside the list become part of it. */
  metrics: componentsField('metric', { optional: false, stage: 'never' }),
  /** In the order in which their hooks run within a stage of the loop. Lists inside the list become part of it. */
  callbacks: componentsField('callback', { optional: true, stage: 'may' }),
  /** Left out only where every row has stages: each stage has its own. */
  epochs: countField({ optional: true, stage: 'must' }),
  batchSize: countField({ optional: false, stage: 'may' }),
  /**
   * Training batches whose gradients make one update: their mean over all samples. A group ends with its epoch, so the
   * last may be smaller. Optimizer and schedule count updates. Default 1.
   */
  accumulate: {
    written: written<Plain<number>>(),
    optional: true,
    stage: 'may',
    read(value = 1, { refuse }): number | undefined {
      if (!Number.isInteger(value) || (value as number) < 1) refuse('a whole number of batches from 1')
      return value === 1 ? undefined : (value as number)
    },
  },
  /**
   * Operands of convolutions and matrix products; sums and weights are float32. `bf16` is what a source's mixed
   * precision (`fp16`) becomes here; an engine or processor without it computes in f32, and the record says so.
   * Default `f32`.
   */
  precision: {
    written: written<Plain<'f32' | 'bf16'>>(),
    optional: true,
    stage: 'never',
    read(value = 'f32', { refuse }): 'bf16' | undefined {
      if (value !== 'f32' && value !== 'bf16') refuse("'f32' or 'bf16'")
      return value === 'bf16' ? value : undefined
    },
  },
  /**
   * Scores the validation split once more after the last epoch, from several views of every sample: the row's result is
   * then what comes of it.
   */
  predictor: componentField('predictor', { optional: true, stage: 'never' }),
} satisfies Fields

type RecipeFields = typeof recipeFields

/** A complete configuration. */
export interface RecipeSpec<R extends AnyRegistration> extends BaseOf<RecipeFields, R> {}

/** What a row changes of the base or of the row it comes from: objects merge, a new `use` drops the old one's options. */
export interface RecipeChange<R extends AnyRegistration> extends ChangeOf<RecipeFields, R> {}

/**
 * One stage of a training: what it changes of the row. Model, dataset and its split, metrics, precision and predictor are
 * the row's.
 * Every stage begins with the weights that are the result of the one before, and with a new optimizer, schedule and callbacks.
 */
export interface StageSpec<R extends AnyRegistration> extends StageOf<RecipeFields, R> {}

/** A stage with every default filled in. */
export interface NormalStage extends NormalStageOf<RecipeFields> {}

/**
 * A recipe with every default filled in: pure JSON, and what the hash is taken of. What is left out has its usual value, so
 * that the field can join without changing the hash of any recipe.
 */
export interface NormalRecipe extends NormalOf<RecipeFields> {
  /**
   * What is trained one after the other; absent where all is one. `epochs` are then those of all stages, and what stands
   * beside it is the first stage's.
   */
  readonly stages?: readonly NormalStage[]
}
