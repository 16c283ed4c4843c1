import { createRegistry, createRng, type Dataset, type Metric, type Model, type Rng } from '@tricklab/core'
import { type BatchSource, eventNames } from '@tricklab/core/contracts'
import { type BoundCallback, createHooks } from '@tricklab/core/loop'
import { listPlugins, type Plugin, type Registry } from '@tricklab/core/plugin'
import { createModel, type Row, stageRecipes } from '@tricklab/core/recipe'
import { checkDataPaths, knownNormalization, type Normalization } from '@tricklab/data'
import { bindRecipeCallbacks, createMetrics } from './learner.ts'
import { bindMeter } from './meter.ts'
import type { ProgressSink } from './progress.ts'

/** What the network of a row is fed. */
export interface KnownInput extends Pick<BatchSource, 'classes' | 'imageShape'> {
  /** Absent where it is measured on images. */
  readonly normalization: Normalization | undefined
}

/** The callbacks of every event that has some, in their order; of a row with stages every stage's, as `2/beforeBatch`. */
export interface HookOrder {
  readonly [event: string]: readonly string[]
}

/** A row and what follows from it before any data are opened. */
export interface DescribedRow {
  readonly row: Row
  readonly seed: number
  /** Key of everything that is drawn for the seed. */
  readonly rng: Rng
  /** The components of the row's plugins, with the services of the seed. */
  readonly registry: Registry
  /** Every stage as a row of its own; a row without stages is the only one. */
  readonly stages: readonly [Row, ...Row[]]
  /** What the network is fed in a stage, where recipe and dataset say it without a single image. */
  knownInput(stage: Row): KnownInput | undefined
  /**
   * The network of the row, for what it is fed.
   * @param init where its weights are drawn from; default: the seed
   */
  createModel(input: Pick<BatchSource, 'classes' | 'imageShape'>, init?: Rng): Model
  /** The metrics of a row. @errors E_OPTION_RANGE where one says nothing about so few classes */
  createMetrics(classes: readonly string[]): Metric[]
  /**
   * The callbacks in the order in which they run. Which hooks a callback has must not depend on images.
   * @param harness callbacks beside those of the recipe
   * @errors E_EVALUATION_WEIGHTS
   */
  hookOrder(classes: readonly string[], harness?: readonly BoundCallback[]): HookOrder
  /** Opens the dataset, whatever the seed. @errors E_ARGUMENT for a path that is not there, E_DATASET_* */
  openDataset(services: DatasetServices): Promise<Dataset>
}

export interface DatasetServices {
  /** Folders or archives that are searched before anything is downloaded. */
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal?: AbortSignal | undefined
}

export interface DescribeOptions {
  /** Default: the first seed of the row. */
  readonly seed?: number | undefined
  /** Plugins beside the table's; one that is named like one of the table's takes its place. */
  readonly plugins?: readonly Plugin[] | undefined
  readonly progress?: ProgressSink | undefined
}

/**
 * Describes a row without opening its data. The plugins are registered once, for everything that is asked for later.
 * @errors E_PLUGIN_*
 */
export function describeRow(row: Row, options: DescribeOptions = {}): DescribedRow {
  const { seed = row.seeds[0] ?? 1, plugins = [], progress = () => {} } = options
  const rng = createRng(seed)
  const registry = createRegistry(joinPlugins(listPlugins(row.table.plugins), plugins), {
    rng,
    log: (message) => progress({ kind: 'notice', message }),
  })
  const stages = stageRows(row)
  return {
    row,
    seed,
    rng,
    registry,
    stages,
    knownInput: (stage) => knownInput(stage, registry),
    createModel: ({ imageShape, classes }, init = rng.scope('init')) =>
      createModel(registry, row.recipe.model, { imageShape, classes: classes.length, init }),
    createMetrics: (classes) => createMetrics(row, classes, registry),
    hookOrder(classes, harness = []) {
      const source = imageless(classes)
      const staged = row.recipe.stages !== undefined
      const orders = stages.flatMap((stage, index) => {
        const bound = [...bindRecipeCallbacks(stage, registry, source), ...harness, meter]
        const hooks = createHooks(bound)
        for (const { callback } of bound) callback.dispose?.()
        return eventNames
          .map((event) => [staged ? `${index + 1}/${event}` : event, hooks.order(event)] as const)
          .filter(([, names]) => names.length > 0)
      })
      return Object.fromEntries(orders)
    },
    async openDataset({ dataPaths, progress, signal }) {
      checkDataPaths(dataPaths)
      return registry.create('dataset', row.recipe.data.dataset, {
        dataPaths,
        ...(signal === undefined ? {} : { signal }),
        onProgress: ({ total, ...rest }) => progress({ kind: 'data', total, ...rest }),
      })
    },
  }
}

function joinPlugins(own: readonly Plugin[], given: readonly Plugin[]): Plugin[] {
  const named = (name: string) => given.find((plugin) => plugin.name === name)
  const names = own.map(({ name }) => name)
  return [...own.map((plugin) => named(plugin.name) ?? plugin), ...given.filter(({ name }) => !names.includes(name))]
}

/** The meter as it takes part in the order of hooks. */
const meter = bindMeter('', () => {})

function stageRows(row: Row): readonly [Row, ...Row[]] {
  const [first, ...rest] = stageRecipes(row.recipe).map((recipe) => ({ ...row, recipe }))
  return [first!, ...rest]
}

function knownInput({ recipe }: Row, registry: Registry): KnownInput | undefined {
  const { dataset, valid, normalize } = recipe.data
  const facts = registry.facts(dataset)
  const output = valid && registry.create('crop', valid.crop, {}).output
  const imageShape =
    output === undefined ? facts?.imageShape : ([output.height, output.width, facts?.imageShape?.[2] ?? 3] as const)
  if (facts?.classes === undefined || imageShape === undefined) return undefined
  return { classes: facts.classes, imageShape, normalization: knownNormalization(normalize, imageShape[2]) }
}

/** Batches that nobody reads, for callbacks that are only asked what they are. */
const imageless = (classes: readonly string[]): BatchSource => ({
  classes,
  imageShape: [1, 1, 3],
  samples: () => 1,
  batches: () => 1,
  read: () => {
    throw new Error('There are no images here.')
  },
})
