import { type Problem, TricklabError } from '../errors/index.ts'
import { asJson, type Json } from '../json.ts'
import type { Table } from './define.ts'
import { normalizeRow } from './normalize.ts'
import { checkKeys, isObject, type JsonObject } from './problems.ts'

const identifier = /^[a-z0-9]+([-.][a-z0-9]+)*$/

const trainingKeys = 'id title source plugins track base rows kind'.split(' ')
const rowKeys =
  'from change stages reported tolerance seeds recordedSeeds knownToFallShort knownToExceed note track'.split(' ')

/**
 * Every problem of a table: of its head, and of all rows of one that is trained. What several rows have in common is
 * told once, with the names of the others.
 */
export function checkTable(table: Table): Problem[] {
  const problems = checkHead(table)
  if (problems.length > 0 || table.kind !== 'training') return problems
  const found = new Map<string, { readonly problem: Problem; readonly others: string[] }>()
  for (const row of Object.keys(table.rows)) {
    for (const problem of problemsOf(() => normalizeRow(table, row))) {
      const key = problem.what.replace(`${table.id}/${row}`, table.id)
      const told = found.get(key)
      if (told === undefined) found.set(key, { problem, others: [] })
      else told.others.push(row)
    }
  }
  return [...found.values()].map(({ problem, others }) =>
    others.length === 0
      ? problem
      : { ...problem, what: `${problem.what.replace(/\.$/, '')}; rows ${others.join(', ')} have the same problem.` },
  )
}

/** Problems of what a table says of itself: names become folders, so they are identifiers. */
export function checkHead(table: Table): Problem[] {
  const problems: Problem[] = []
  const { id, title, source, plugins, rows } = asJson(table)
  const say = (what: string, expected: string, received: Json | undefined, fix: string) =>
    problems.push({
      code: 'E_RECIPE',
      what,
      expected: `${expected}.`,
      received: `${received === undefined ? 'nothing' : JSON.stringify(received)}.`,
      fix,
    })
  const name = typeof id === 'string' ? `Table "${id}"` : 'The table'
  if (!isIdentifier(id)) {
    say(
      `${name} has an \`id\` that is no identifier.`,
      identifierRule,
      id,
      'choose another `id`: folders are named after it.',
    )
  }
  for (const [key, value] of Object.entries({ title, source })) {
    if (typeof value !== 'string') say(`${name} has no \`${key}\`.`, 'a text', value, `add \`${key}\` to the table.`)
  }
  if (!Array.isArray(plugins)) {
    // Plugins are code: what stands there instead may not be writable as JSON.
    say(
      `${name} has no list of plugins.`,
      'a list',
      plugins === undefined ? undefined : typeof plugins,
      'add `plugins`.',
    )
  }
  if (!isObject(rows) || Object.keys(rows).length === 0) {
    say(`${name} has no rows.`, 'an object with at least one row: { "my-row": {} }', rows, 'add `rows` to the table.')
    return problems
  }
  for (const [row, spec] of Object.entries(rows)) {
    if (!isIdentifier(row)) {
      say(
        `${name} has a row "${row}", which is no identifier.`,
        identifierRule,
        row,
        'choose another name: folders are named after it.',
      )
    }
    if (!isObject(spec))
      say(`Row "${row}" of ${name} is no object.`, '{ change: { … } }, or {}', spec, 'write {} for the base.')
  }
  if (table.kind === 'training') checkTraining(asJson(table), name, problems)
  return problems
}

function checkTraining(table: JsonObject, name: string, problems: Problem[]): void {
  checkKeys(table, trainingKeys, name, problems)
  if (!isObject(table.base)) {
    problems.push({
      code: 'E_RECIPE',
      what: `${name} has no base.`,
      expected: 'an object with the recipe that rows change.',
      received: `${JSON.stringify(table.base) ?? 'nothing'}.`,
      fix: 'add `base` to the table.',
    })
  }
  for (const [row, spec] of Object.entries(table.rows as JsonObject)) {
    if (isObject(spec)) checkRow(spec, `${String(table.id)}/${row}`, problems)
  }
}

/** A key of the recipe that stands beside `change` would do nothing. */
function checkRow(row: JsonObject, where: string, problems: Problem[]): void {
  checkKeys(row, rowKeys, where, problems)
  if (row.change !== undefined && !isObject(row.change)) {
    problems.push({
      code: 'E_RECIPE',
      what: `${where}: "change" is no object.`,
      expected: '{ epochs: 3, … }.',
      received: `${JSON.stringify(row.change)}.`,
      fix: 'write what the row changes as an object, or leave `change` out.',
    })
  }
}

const identifierRule = 'small letters and digits, with hyphens or points between them, such as "mixup-0.2"'
const isIdentifier = (value: Json | undefined): boolean => typeof value === 'string' && identifier.test(value)

function problemsOf(body: () => unknown): readonly Problem[] {
  try {
    body()
    return []
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
}
