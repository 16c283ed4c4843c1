import type { EngineName } from '@tricklab/engine'
import { describe, expect, test } from 'vitest'
import { type ActivationSpec, activationChecks } from './contract/activation.ts'
import { type AugmentationSpec, augmentationChecks } from './contract/augmentation.ts'
import { type BlockSpec, blockChecks } from './contract/block.ts'
import { type CallbackSpec, callbackChecks } from './contract/callback.ts'
import { type Check, runCheck } from './contract/check.ts'
import { type CropSpec, cropChecks } from './contract/crop.ts'
import { type DatasetSpec, datasetChecks } from './contract/dataset.ts'
import { type LossSpec, lossChecks } from './contract/loss.ts'
import { type MetricSpec, metricChecks } from './contract/metric.ts'
import { type ModelSpec, modelChecks } from './contract/model.ts'
import { type OptimizerSpec, optimizerChecks } from './contract/optimizer.ts'
import { type PredictorSpec, predictorChecks } from './contract/predictor.ts'
import { type SamplerSpec, samplerChecks } from './contract/sampler.ts'
import { type ScheduleSpec, scheduleChecks } from './contract/schedule.ts'
import type { ComponentSpec } from './contract/spec.ts'
import { describeOnEngines, usualEngines } from './engine/on-engines.ts'

/** Declares the tests of a block's contract. */
export const blockContract = (spec: BlockSpec): void => declare('block', blockChecks, spec, usualEngines)

/** Declares the tests of an activation's contract. */
export const activationContract = (spec: ActivationSpec): void =>
  declare('activation', activationChecks, spec, usualEngines)

/** Declares the tests of a model's contract. */
export const modelContract = (spec: ModelSpec): void => declare('model', modelChecks, spec, usualEngines)

/** Declares the tests of a callback's contract. */
export const callbackContract = (spec: CallbackSpec): void => declare('callback', callbackChecks, spec, usualEngines)

/** Declares the tests of a metric's contract. */
export const metricContract = (spec: MetricSpec): void => declare('metric', metricChecks, spec, usualEngines)

/** Declares the tests of a loss's contract. */
export const lossContract = (spec: LossSpec): void => declare('loss', lossChecks, spec, usualEngines)

/** Declares the tests of an optimizer's contract. */
export const optimizerContract = (spec: OptimizerSpec): void =>
  declare('optimizer', optimizerChecks, spec, usualEngines)

/** Declares the tests of a predictor's contract. */
export const predictorContract = (spec: PredictorSpec): void =>
  declare('predictor', predictorChecks, spec, usualEngines)

/** Declares the tests of a schedule's contract; schedules compute without an engine. */
export const scheduleContract = (spec: ScheduleSpec): void => declare('schedule', scheduleChecks, spec, [])

/** Declares the tests of a dataset's contract; datasets hold bytes and need no engine. */
export const datasetContract = (spec: DatasetSpec): void => declare('dataset', datasetChecks, spec, [])

/** Declares the tests of a crop's contract; crops choose regions and need no engine. */
export const cropContract = (spec: CropSpec): void => declare('crop', cropChecks, spec, [])

/** Declares the tests of a sampler's contract; samplers choose positions and need no engine. */
export const samplerContract = (spec: SamplerSpec): void => declare('sampler', samplerChecks, spec, [])

/** Declares the tests of an augmentation's contract. */
export const augmentationContract = (spec: AugmentationSpec): void =>
  declare('augmentation', augmentationChecks, spec, usualEngines)

function declare<S extends ComponentSpec>(
  kind: string,
  checks: readonly Check<S>[],
  spec: S,
  usual: readonly EngineName[],
): void {
  const title = `${kind} "${spec.name}"`
  const engines = spec.engines ?? usual
  if (engines.length === 0) describe(title, () => declareChecks(checks, spec))
  else describeOnEngines(title, () => declareChecks(checks, spec), engines)
}

function declareChecks<S extends ComponentSpec>(checks: readonly Check<S>[], spec: S): void {
  const skipped = spec.skip ?? {}
  const unknown = Object.keys(skipped).find((name) => checks.every((check) => check.name !== name))
  if (unknown !== undefined) throw new Error(`there is no check "${unknown}" to skip`)
  for (const check of checks) {
    const reason = skipped[check.name]
    test(check.name, async ({ skip }) => {
      if (reason !== undefined) skip(reason)
      const message = await runCheck(check, spec)
      if (message !== undefined) expect.fail(message)
    })
  }
}
