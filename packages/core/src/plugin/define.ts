import type {
  Activation,
  Augmentation,
  BatchSource,
  Block,
  Callback,
  Crop,
  Dataset,
  DatasetFacts,
  Loss,
  Metric,
  Model,
  Optimizer,
  Predictor,
  Sampler,
  Schedule,
  Shape,
  Stage,
} from '../contracts.ts'
import type { PluginErrors } from '../errors/index.ts'
import { entriesOf, type Nested } from '../nested.ts'
import type { ComponentUse, OptionInput, OptionSchema, OptionValues } from '../options.ts'
import type { Rng } from '../rng/index.ts'
import type { SlotDeclarations, SlotReader } from './slots.ts'

/** What every component may ask for; one set a run. */
export interface Services {
  /** Randomness of the run, below the component's own scope. */
  readonly rng: Rng
  /** One line for the user, on standard error. */
  readonly log: (message: string) => void
}

/** Kinds whose components may wrap another one, which is then one of their options. */
export type WrappingKind = 'optimizer' | 'callback' | 'crop'

/** What components of these kinds receive beside it. */
export interface Building {
  /** Builds another component of the run: one that is an option of this one. */
  readonly create: <K extends Kind>(kind: K, use: ComponentUse, context: Kinds[K]['context']) => Kinds[K]['instance']
}

/**
 * What a block is built for: the slot says how many channels come in and go out.
 * @typeParam O what the skeletons that it is made for offer beyond that, such as `Offers` of `@tricklab/nn`
 */
export interface BlockContext<O extends object = object> {
  readonly inputChannels: number
  readonly outputChannels: number
  readonly stride: number
  readonly kernelSize: number
  /** False where the skeleton wants no activation after the block, such as a last layer. */
  readonly activate: boolean
  /** The skeleton's activation, for blocks that bring none of their own. */
  readonly activation?: Activation
  /** What the skeleton offers at this place beyond that: the package of the skeleton says what it may be. */
  readonly offers?: O
  /** Blocks of blocks: the skeleton's other slots, as they are filled at this place of the model. */
  readonly slots?: SlotReader
  /** Initialisation: `init.at('conv/weight')`. */
  readonly init: Rng
}

export interface ModelContext extends SlotReader {
  readonly imageShape: Shape
  readonly classes: number
  readonly init: Rng
}

export interface ScheduleContext {
  /** The optimizer's learning rate: the schedule's peak. */
  readonly learningRate: number
  readonly totalSteps: number
  readonly stepsPerEpoch: number
}

export interface DatasetContext {
  /** Folders or archives given by `--data`, searched before anything is downloaded. */
  readonly dataPaths: readonly string[]
  /** Bytes are counted, or what `unit` names. */
  readonly onProgress: (progress: { what: string; done: number; total?: number; unit?: string }) => void
  readonly signal?: AbortSignal
}

export interface CallbackContext {
  readonly source: BatchSource
  /** The row's metrics: names and directions of the scores that `afterEpoch` tells, beside `loss`. */
  readonly metrics: readonly Pick<Metric, 'name' | 'better'>[]
}

/** What `create` builds and what it receives beside its options, by kind of component. */
export interface Kinds {
  dataset: { instance: Dataset | Promise<Dataset>; context: DatasetContext }
  crop: { instance: Crop; context: object }
  augmentation: { instance: Augmentation; context: object }
  sampler: { instance: Sampler; context: object }
  model: { instance: Model; context: ModelContext }
  block: { instance: Block; context: BlockContext }
  activation: { instance: Activation; context: object }
  loss: { instance: Loss; context: object }
  optimizer: { instance: Optimizer; context: object }
  schedule: { instance: Schedule; context: ScheduleContext }
  metric: { instance: Metric; context: { readonly classes: readonly string[] } }
  predictor: { instance: Predictor; context: object }
  callback: { instance: Callback; context: CallbackContext }
}

export type Kind = keyof Kinds
export const kinds = [
  'dataset',
  'crop',
  'augmentation',
  'sampler',
  'model',
  'block',
  'activation',
  'loss',
  'optimizer',
  'schedule',
  'metric',
  'predictor',
  'callback',
] as const

/** A component: its options as data, and how to build it. */
export interface Component<
  K extends Kind = Kind,
  S extends OptionSchema = OptionSchema,
  L extends SlotDeclarations = SlotDeclarations,
> {
  /** One line for lists and help. */
  readonly doc: string
  readonly options: S
  create(
    options: OptionValues<S>,
    context: Kinds[K]['context'] & Services & (K extends WrappingKind ? Building : unknown),
  ): Kinds[K]['instance']
  /**
   * Components that it should not stand beside in a recipe, by name, each with the reason: a sentence. Told from one side
   * it holds for both. A row that names both is trained all the same, and says so.
   */
  readonly notBeside?: { readonly [name: string]: string }
  /** Callbacks only: when the hooks run. */
  readonly stage?: K extends 'callback' ? Stage : never
  /** Models only: what a recipe may fill. A model that may do without a slot adds it later without changing a hash. */
  readonly slots?: K extends 'model' ? L : never
  /**
   * Models only: what published weights (PyTorch's layout, timm's names) call the parameter at a path; undefined where
   * they have none. `lab import-weights` and `lab export` go by it.
   */
  readonly publishedName?: K extends 'model' ? (path: string) => string | undefined : never
  /**
   * Datasets only: what the options alone decide. Without it a summary, an exported network or a prediction asks for the
   * data, and the check of a record cannot compare sizes and digests.
   */
  readonly facts?: K extends 'dataset' ? (options: OptionValues<S>) => DatasetFacts : never
}

/** A component under its name, as `register` returns it. The type carries name and options into recipe types. */
export interface Registration<
  K extends Kind = Kind,
  N extends string = string,
  S extends OptionSchema = OptionSchema,
  L extends SlotDeclarations = SlotDeclarations,
> {
  readonly kind: K
  readonly name: N
  readonly component: Component<K, S, L>
}

/** The registrar: `on.callback('mixup', { … })` and so on for every kind. */
export type Registrar = {
  readonly [K in Kind]: <
    const N extends string,
    S extends OptionSchema,
    const L extends SlotDeclarations = Record<never, never>,
  >(
    name: N,
    component: Component<K, S, L>,
  ) => Registration<K, N, S, L>
}

// biome-ignore lint/suspicious/noExplicitAny: a registration of any component; `Component` is invariant in its options
export type AnyRegistration = Registration<any, string, any, any>

export interface PluginDefinition<R extends AnyRegistration> {
  /** Package tail and docs anchor: `mixup`. */
  readonly name: string
  /** Range of @tricklab/core versions that it works with: `^0.1.0`. */
  readonly core: string
  readonly paper?: string
  readonly version?: string
  /** Names of plugins that must be in the recipe too. */
  readonly requires?: readonly string[]
  /** Its own error codes, from `defineErrors`: shown in the form of all others, and listed on its page. */
  readonly errors?: PluginErrors
  /** Returns what it registers, one or a list; called once for a training, which is one seed of a row. */
  register(on: Registrar): R | readonly R[]
}

const brand = Symbol.for('@tricklab/core:plugin')

export interface Plugin<R extends AnyRegistration = AnyRegistration> extends PluginDefinition<R> {
  readonly [brand]: true
}

/**
 * Declares a plugin: the default export of its package. Importing it has no effect; a recipe uses it by naming it in
 * `plugins`.
 */
export function definePlugin<const R extends AnyRegistration>(definition: PluginDefinition<R>): Plugin<R> {
  return { ...definition, [brand]: true }
}

/** Plugins of a recipe; a preset is a list inside it. */
// biome-ignore lint/suspicious/noExplicitAny: any plugins; their options are checked where the table is written
export type AnyPlugins = Nested<Plugin<any>>

/** What a list of plugins registers, as a union. */
export type RegistrationsOf<P> =
  P extends Plugin<infer R>
    ? R
    : AnyPlugins extends P
      ? AnyRegistration
      : P extends readonly (infer E)[]
        ? RegistrationsOf<E>
        : never

/** The plugins of a recipe in their order, those of presets at their place. One that two presets bring is there once. */
export function listPlugins(plugins: AnyPlugins): Plugin[] {
  return [...new Set(entriesOf<Plugin>(plugins, 'plugins').map(({ value }) => value))]
}

/** True for values made by definePlugin, of this copy of core or another. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}

/** How a recipe names a component: its name, or `{ use: name, …options }`. */
export type Use<R extends AnyRegistration, K extends Kind> =
  // biome-ignore lint/suspicious/noExplicitAny: slots play no part in a use
  R extends Registration<K, infer N, infer S, any>
    ? (Record<never, never> extends OptionInput<S> ? N : never) | ({ readonly use: N } & OptionInput<S>)
    : never
