export { formatAblation } from './ablation/format-ablation.ts'
export { planAblation, type Variant } from './ablation/plan.ts'
export { type Ablation, type AblationRow, readAblation } from './ablation/result.ts'
export { runAblation } from './ablation/run.ts'
export { chooseTricks } from './ablation/tricks.ts'
export { acceptedMeasurements, acceptedRecords, acceptRecord } from './accepted/accepted.ts'
export { checkAcceptedRecords } from './accepted/check-accepted.ts'
export { countRows, formatCount, type ListedRow, listRows } from './accepted/list.ts'
export type { Records } from './accepted/places.ts'
export { type ComparedSummary, compareSummaries, formatSummaryComparison } from './closed-form.ts'
export { type Comparison, compareSides } from './comparison/compare.ts'
export { formatComparison } from './comparison/format-comparison.ts'
export { readSide } from './comparison/side.ts'
export { type Evaluation, evaluateRun, type SeedEvaluation } from './evaluation/evaluate-run.ts'
export { formatEvaluation } from './evaluation/format-evaluation.ts'
export { loadWeights } from './evaluation/load-weights.ts'
export { type OpenedRun, openRun } from './evaluation/open-run.ts'
export { loadTrainedModel, type TrainedModel } from './evaluation/trained-model.ts'
export { type Interpretation, interpretRun, type ShownMistake } from './interpretation/interpret-run.ts'
export { renderInterpretation } from './interpretation/page.ts'
export { findRates, type RateSearch } from './lr-find/find.ts'
export { formatRateSearch } from './lr-find/format-rate-search.ts'
export { renderRateSearch } from './lr-find/page.ts'
export { formatMeasurement } from './measurement/format-measurement.ts'
export { judgeMeasurement, measuredOf } from './measurement/read.ts'
export { isMeasurement, measuredHash, readMeasurement, writeMeasurement } from './measurement/record.ts'
export { measureScaling } from './measurement/scaling.ts'
export type { MeasuredRow, MeasurementRecord, Sample } from './measurement/types.ts'
export { reportRuns, reportSummaryTable } from './pages.ts'
export { createCostCounter } from './plan/cost.ts'
export { finishedSeeds } from './plan/done.ts'
export { formatPlan } from './plan/format-plan.ts'
export type { PlannedJob } from './plan/order.ts'
export { makePlan, type Plan, type ReferenceSpeed } from './plan/plan.ts'
export { documentedRows, type ReferencedRow } from './plan/rows.ts'
export { givenDataset } from './prediction/given-dataset.ts'
export { type LoadedModel, type LoadOptions, loadModel, type Prediction } from './prediction/load-model.ts'
export { forSingleImages } from './prediction/single-images.ts'
export { surviveClosedStreams } from './process/standard-streams.ts'
export { readRecord } from './record/read.ts'
export type { LogLine, Manifest, Reported, Verdict } from './record/types.ts'
export { type Html, html } from './report/html.ts'
export {
  drawForestChart,
  formatVerdictTable,
  renderClaimTable,
  renderMarkdownTable,
  renderReport,
  writeReportFile,
} from './report/index.ts'
export { renderPage } from './report/page.ts'
export { describeEnvironment } from './runner/environment.ts'
export { type Executor, here, type JobOutcome, processesHere } from './runner/executor.ts'
export { harnessHooks } from './runner/harness.ts'
export { installedPlugins } from './runner/installed-plugins.ts'
export type { Job, JobSite } from './runner/job.ts'
export {
  describeEngine,
  prepareRows,
  type RowRun,
  type RunOptions,
  runRow,
} from './runner/run.ts'
export { findTarget, type Target } from './runner/tables.ts'
export { median, mostPairs, type Spread, spreadOf } from './statistics/index.ts'
export { type Trace, type TracedStep, type TraceOptions, traceRow } from './trace/trace.ts'
export { exitCodeOf } from './verdict/judge.ts'
export { type VerdictRow, verdictRow } from './verdict/verdict-row.ts'
