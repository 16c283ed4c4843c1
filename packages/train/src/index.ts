export { type BatchServices, openBatches, openViews } from './batches.ts'
export {
  type DatasetServices,
  type DescribedRow,
  type DescribeOptions,
  describeRow,
  type HookOrder,
  type KnownInput,
} from './describe-row.ts'
export type { LearnerOptions } from './learner.ts'
export { applyLimits, type Limits, type SplitSizes } from './limits.ts'
export { type ModelOptions, type OpenedModel, openModel } from './open-model.ts'
export { type OpenedRow, type OpenOptions, openRow } from './open-row.ts'
export type { ProgressEvent, ProgressSink } from './progress.ts'
export { type ScoreOptions, scoreRow } from './score-row.ts'
export { again, createScriptedLoop, holdBatches, type ScriptedLoop } from './scripted-loop.ts'
export type { OpenStage, OpenStages } from './stages.ts'
export { type SurveyedRow, type SurveyOptions, surveyRow } from './survey-row.ts'
export { type Training, type TrainOptions, train } from './train.ts'
export { type EarlyEnd, type TrainedRow, type TrainRowOptions, trainRow } from './train-row.ts'
