import type { Schedule } from '@tricklab/core'
import type { NormalUse, Registry, ScheduleContext } from '@tricklab/core/plugin'
import fc from 'fast-check'
import { type Check, type ContractProblem, forAll, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, show } from './spec.ts'

export type ScheduleSpec = ComponentSpec

/** Runs the contract of a schedule; the problems found, none for a sound one. */
export async function checkSchedule(spec: ScheduleSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(scheduleChecks, spec, selection)
}

const lengths: fc.Arbitrary<ScheduleContext> = fc
  .record({ epochs: fc.integer({ min: 1, max: 9 }), stepsPerEpoch: fc.integer({ min: 1, max: 40 }) })
  .map(({ epochs, stepsPerEpoch }) => ({ learningRate: 0.1, stepsPerEpoch, totalSteps: epochs * stepsPerEpoch }))

export const scheduleChecks: readonly Check<ScheduleSpec>[] = [
  ...optionChecks<ScheduleSpec>('schedule', async (_spec, registry, use) =>
    show(valuesAt(create(registry, use, { learningRate: 0.1, totalSteps: 30, stepsPerEpoch: 10 }), 30)),
  ),
  {
    name: 'rates are finite and not negative, momenta from 0 to below 1, at every step of any length',
    run: (spec) =>
      forSchedules(spec, (schedule, { totalSteps }) => {
        for (const [step, { learningRate, momentum = 0 }] of valuesAt(schedule, totalSteps).entries()) {
          const fits = Number.isFinite(learningRate) && learningRate >= 0 && momentum >= 0 && momentum < 1
          if (!fits) violate(`step ${step} of ${totalSteps} has rate ${learningRate}, momentum ${momentum}`)
        }
      }),
  },
  {
    name: 'a step has the same value whenever it is asked for',
    run: (spec) =>
      forSchedules(spec, (schedule, { totalSteps }) => {
        const forward = valuesAt(schedule, totalSteps)
        for (let step = totalSteps - 1; step >= 0; step--) {
          const [first, later] = [forward[step], schedule.at(step)]
          if (show(first) !== show(later)) violate(`step ${step} is ${show(first)} at first, later ${show(later)}`)
        }
      }),
  },
]

const create = (registry: Registry, use: NormalUse, context: ScheduleContext) =>
  registry.create('schedule', use, context)

const valuesAt = (schedule: Schedule, totalSteps: number) =>
  Array.from({ length: totalSteps }, (_, step) => schedule.at(step))

async function forSchedules(spec: ScheduleSpec, body: (schedule: Schedule, context: ScheduleContext) => void) {
  await forOptions(spec, 'schedule', (registry, use) =>
    forAll(lengths, 40, (context) => body(create(registry, use, context), context)),
  )
}
