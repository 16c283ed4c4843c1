import { createRegistry, type Json } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { hashJson } from '@tricklab/core/hash'
import { type MeasurementTable, rowNames, type Table } from '@tricklab/core/recipe'
import { unexplained } from '../check/check.ts'
import { checkMachine } from '../check/check-origin.ts'
import { checkPlugins, tablePlugins } from '../check/check-plugins.ts'
import { problem } from '../record/problem.ts'
import { judgeMeasurement, measuredOf } from './read.ts'
import { blocksOf, seriesOf } from './scaling.ts'
import type { MeasurementRecord, Sample } from './types.ts'

export interface CheckMeasurementOptions {
  /** What the record may be of. */
  readonly tables: readonly Table[]
  /** The table in whose folder the record lies; default: the one that it names. */
  readonly place?: string
}

/**
 * Verifies a record from its figures alone: that it measured what the table says today, all of it, that its figures are
 * possible, and that no claim falls short or exceeds without a reason. What is shown is computed from the raw figures.
 */
export function checkMeasurement(
  record: MeasurementRecord,
  folder: string,
  { tables, place }: CheckMeasurementOptions,
): Problem[] {
  return checkOwn(record, place ?? record.table, tables).map((found) => ({
    ...found,
    what: `${folder}: ${found.what}`,
  }))
}

function checkOwn(record: MeasurementRecord, id: string, tables: readonly Table[]): Problem[] {
  const table = tables.findLast((other) => other.id === id)
  if (table?.kind !== 'measurement') {
    const fix = 'name the file of the table with --table; delete the record of a table that is gone.'
    return [problem(`there is no table ${id} that measures, or not any more.`, undefined, undefined, fix)]
  }
  const again = `run \`pnpm repro ${table.id}\` and accept the new record.`
  const identity = [...checkHead(record, table, again), ...checkMeasured(record, table, again)]
  const figures = [...checkTimes(record), ...checkMemory(record), ...checkSamples(record, table, again)]
  const machine = [
    ...checkMachine(record),
    ...checkPlugins(record.environment, tablePlugins(createRegistry(table.plugins), record.measured)),
  ]
  const problems = [...identity, ...machine, ...figures]
  // Claims are only computed from figures that are whole.
  return problems.length > 0 ? problems : checkClaims(record, table)
}

function checkHead({ table, title, source }: MeasurementRecord, own: MeasurementTable, again: string): Problem[] {
  const [expected, received] = [own, { id: table, title, source }].map(({ id, title, source }) => [id, title, source])
  return ['table', 'title', 'source'].flatMap((name, index) =>
    expected![index] === received![index]
      ? []
      : [problem(`the ${name} is another.`, expected![index], received![index], index === 0 ? again : acceptAgain)],
  )
}

const acceptAgain = 'accept the record once more: `pnpm repro accept` takes it from the table. Nothing needs to be run.'

function checkMeasured({ measured, measuredHash, partial }: MeasurementRecord, table: MeasurementTable, again: string) {
  if (measuredHash !== hashJson(measured)) {
    return [problem('its hash is not that of what it says it measured.', undefined, undefined, again)]
  }
  if (measuredHash !== hashJson(measuredOf(table) as Json)) {
    return [problem('the table measures something else today.', undefined, undefined, again)]
  }
  return partial ? [problem('rows were left out.', undefined, undefined, again)] : []
}

/** The figures that are seconds lie between start and end; the machine cannot have been less than idle. */
function checkTimes({ started, ended, samples, loadAtStart }: MeasurementRecord): Problem[] {
  const passed = (Date.parse(ended) - Date.parse(started)) / 1000
  const timed = samples.filter(({ quantity }) => quantity !== 'memory').flatMap(({ turns }) => turns.flat())
  const spent = timed.reduce((sum, seconds) => sum + seconds, 0)
  return [
    ...(spent <= passed * 1.001 + 0.1
      ? []
      : [problem(`it measured for ${spent} s, but only ${passed} s have passed.`)]),
    ...(loadAtStart >= 0 ? [] : [problem(`the load of the machine was ${loadAtStart}.`, 'a load from 0')]),
  ]
}

/** No pass holds more than the machine has. */
function checkMemory({ samples, environment }: MeasurementRecord): Problem[] {
  const limit = (environment.memoryGiB + 1) * 2 ** 30
  const beyond = samples.find(({ quantity, turns }) => quantity === 'memory' && turns.flat().some((it) => it > limit))
  return beyond === undefined ? [] : [problem(`a pass at ${beyond.side} holds more than the memory of the machine.`)]
}

/** Every series that the table measures, once, with as many figures as the record says, all of them above 0. */
function checkSamples({ samples, turns, steps }: MeasurementRecord, table: MeasurementTable, again: string): Problem[] {
  if (turns < 2 || steps < 1)
    return [problem(`it measured ${turns} turns of ${steps}.`, '2 turns or more', undefined, again)]
  const nameOf = ({ series, quantity, side }: Pick<Sample, 'series' | 'quantity' | 'side'>) =>
    `${quantity} of ${series}${side === null ? '' : ` at ${side}`}`
  const expected = expectedSamples(table).map(nameOf)
  const received = samples.map(nameOf)
  const missing = expected.filter((name) => !received.includes(name))
  const strange = received.filter((name, index) => !expected.includes(name) || received.indexOf(name) !== index)
  const wrong = samples.filter(({ quantity, turns: own }) => {
    const [lists, length] = quantity === 'memory' ? [1, 1] : [turns, steps]
    return own.length !== lists || own.some((figures) => figures.length !== length || figures.some((it) => it <= 0))
  })
  return [
    ...missing.slice(0, 3).map((name) => problem(`there are no figures for ${name}.`, undefined, undefined, again)),
    ...strange.slice(0, 3).map((name) => problem(`the figures for ${name} are not asked for, or stand twice.`)),
    ...wrong.slice(0, 3).map((sample) => {
      const expected = `${turns} turns of ${steps} figures above 0; one of memory`
      return problem(`the figures for ${nameOf(sample)} are not of the right form.`, expected, undefined, again)
    }),
  ]
}

/** What a record of a table holds: the blocks at every size, or three times of every variant. */
function expectedSamples(table: MeasurementTable): Pick<Sample, 'series' | 'quantity' | 'side'>[] {
  if (table.measures === 'step-time') {
    const quantities = ['train', 'predict', 'latency'] as const
    return rowNames(table).flatMap((series) => quantities.map((quantity) => ({ series, quantity, side: null })))
  }
  const series = new Set(Object.values(blocksOf(table)).flat().map(seriesOf))
  return [...series].flatMap((name) =>
    table.sides.flatMap((side) => (['time', 'memory'] as const).map((quantity) => ({ series: name, quantity, side }))),
  )
}

function checkClaims(record: MeasurementRecord, table: MeasurementTable): Problem[] {
  return judgeMeasurement(table, record).flatMap(({ row, verdict, note }) => {
    const { knownToFallShort, knownToExceed, note: reason } = table.rows[row]!
    if (verdict === 'falls-short' && knownToFallShort !== true) {
      return [
        problem(`${row} falls short: ${note}`, undefined, undefined, 'find out why, or say so with knownToFallShort.'),
      ]
    }
    if (verdict !== 'exceeds' || (knownToExceed === true && reason !== undefined)) return []
    return [{ ...unexplained(note), what: `${row}: ${unexplained(note).what}` }]
  })
}
