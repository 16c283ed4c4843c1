export { byRate } from './by-rate.ts'
export * from './contracts.ts'
export * from './errors/index.ts'
export * from './fused.ts'
export * from './json.ts'
export * from './loop/evaluate.ts'
export * from './loop/fit.ts'
export * from './loop/hooks.ts'
export * from './loop/learner.ts'
export { SmoothLoss } from './loop/smooth-loss.ts'
export { lossTraits, type MetricTraits, traitsOf } from './metric-traits.ts'
export * from './option-table.ts'
export * from './options.ts'
export { groupParams, matchesPath, type ParamGroup } from './param-groups.ts'
export * from './params.ts'
export * from './plugin/define.ts'
export { blameOrigin, describeOrigin, type Origin, originOf } from './plugin/origin.ts'
export { coreVersion, createRegistry, type NormalUse, type Registry } from './plugin/registry.ts'
export {
  type FilledSlot,
  type Slot,
  type SlotDeclarations,
  type SlotKind,
  type SlotReader,
  slotOf,
} from './plugin/slots.ts'
export type { Normalize } from './recipe/data.ts'
export * from './recipe/define.ts'
export type { NormalRecipe, NormalStage, RecipeChange, RecipeSpec, StageSpec } from './recipe/fields.ts'
export * from './recipe/measurement.ts'
export * from './recipe/model.ts'
export * from './recipe/normalize.ts'
export { learningRateOf } from './recipe/optimizer-numbers.ts'
export type { ParamGroupSpec } from './recipe/params.ts'
export { joinStages, stageRecipes } from './recipe/stages.ts'
export { checkTable } from './recipe/table.ts'
export type { FileWeights, RunWeights, StartWeights } from './recipe/weights.ts'
export * from './rng/index.ts'
export { undrawn } from './rng/undrawn.ts'
