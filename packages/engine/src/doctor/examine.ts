import { TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import type { EngineName } from '../driver.ts'
import { prepareEngine } from '../engine.ts'
import { brokenReport, type EngineReport, reportIt } from './report.ts'
import { requiredKernels } from './required-kernels.ts'
import { createTrainingStep, expectedLosses, lossTolerance, type TrainingStep } from './training-step.ts'
import { median } from './turns.ts'

const timedSteps = 7
const turnMs = 300
let step: TrainingStep | undefined

/** Prepares an engine in this process and trains a few steps on it. Answers in every case, short of a crash. */
export async function examineEngine(name: EngineName): Promise<EngineReport> {
  const notes: string[] = []
  try {
    const engine = await prepareEngine(name, { onNotice: (message) => notes.push(message) })
    const { losses, startMs } = await train()
    const wrong = firstWrongLoss(losses)
    if (wrong !== undefined) return brokenReport(name, wrong, reportIt)
    if (engine.details !== '') notes.unshift(engine.details)
    const { version, device, threads } = engine
    const why = ''
    return {
      name,
      works: true,
      why,
      command: '',
      version,
      device,
      threads,
      stepMs: undefined,
      stepRangeMs: undefined,
      startMs,
      missingKernels: missingKernels(),
      notes,
    }
  } catch (error) {
    if (!(error instanceof TricklabError)) return brokenReport(name, `It failed: ${String(error)}`, reportIt)
    const problem = error.problems[0]
    return brokenReport(name, problem?.what ?? error.message, problem?.fix ?? reportIt)
  }
}

async function train() {
  step = createTrainingStep()
  const losses = [await step.run()]
  // The clock of performance.now() starts with the process.
  const startMs = performance.now()
  while (losses.length < expectedLosses.length) losses.push(await step.run())
  return { losses, startMs }
}

/** The median time of a few more steps on the engine that was examined. @unit milliseconds */
export async function timeTurn(): Promise<number> {
  const times: number[] = []
  // The plain engine takes a second a step; nobody waits for thirty of them.
  for (const end = performance.now() + turnMs; times.length < timedSteps; ) {
    const before = performance.now()
    if (times.length > 0 && before > end) break
    await step?.run()
    times.push(performance.now() - before)
  }
  return median(times)
}

function firstWrongLoss(losses: readonly number[]): string | undefined {
  const wrong = expectedLosses.findIndex((expected, i) => {
    const loss = losses[i] ?? Number.NaN
    return !(Math.abs(loss - expected) <= lossTolerance * Math.abs(expected))
  })
  if (wrong < 0) return undefined
  return `It computes wrong numbers: the loss of step ${wrong + 1} is ${losses[wrong]}, not ${expectedLosses[wrong]}.`
}

function missingKernels(): string[] {
  return requiredKernels.filter((kernel) => tf.getKernel(kernel, tf.getBackend()) === undefined)
}
