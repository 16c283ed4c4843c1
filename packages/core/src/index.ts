/** What the author of a plugin or a table needs. The rooms that it comes from are subpaths, for everything else. */
export type {
  Activation,
  Augmentation,
  Batch,
  Block,
  Callback,
  Crop,
  Dataset,
  Loss,
  Metric,
  Model,
  ModelLayer,
  NamedParam,
  Optimizer,
  Predictor,
  Sample,
  Sampler,
  Schedule,
  Shape,
  Split,
} from './contracts.ts'
export { defineErrors, fail, TricklabError } from './errors/index.ts'
export { canonicalJson, type Json } from './json.ts'
export { formatOptionTable } from './option-table.ts'
export { type OptionValues, opt } from './options.ts'
export { countParams, disposeParams, listParams } from './params/index.ts'
export {
  type BlockContext,
  type DatasetContext,
  definePlugin,
  type ModelContext,
  type Plugin,
  type Registration,
  type Services,
} from './plugin/define.ts'
export { createRegistry } from './plugin/registry.ts'
export { defineTable } from './recipe/define.ts'
export { createRng, type Rng, type Stream } from './rng/index.ts'
export { undrawn } from './rng/undrawn.ts'
