import { fail } from '@tricklab/core'
import { failAll, suggest } from '@tricklab/core/errors'
import { listPlugins, type NormalUse, type Plugin } from '@tricklab/core/plugin'
import type { Row } from '@tricklab/core/recipe'
import tta from '@tricklab/plugin-tta'
import { describeRow } from '@tricklab/train'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'

/** What `addPredictorOptions` adds. */
export interface PredictorArguments {
  readonly with?: string
  readonly views?: number
  readonly beta?: number
  readonly reduce?: string
}

/** Adds `--with` and the options of what it names. */
export function addPredictorOptions(command: Command): Command {
  return command
    .option('--with <predictor>', 'how to score an image: tta scores several views of it')
    .option('--views <n>', 'random views of every image', wholeNumber('--views', 1))
    .option('--beta <share>', 'weight of the plain view', Number)
    .option('--reduce <how>', 'how to combine the random views: mean or max')
}

/** The predictor that the command line names, its options checked as those of a recipe, and where it comes from. */
export function choosePredictor(
  row: Row,
  given: PredictorArguments,
): { predictor: NormalUse | undefined; plugins: Plugin[] } {
  // The table's own stands.
  const own = listPlugins(row.table.plugins)
  const plugins = [tta].filter(({ name }) => !own.some((plugin) => plugin.name === name))
  const { with: name, views, beta, reduce } = given
  const options = Object.fromEntries(Object.entries({ views, beta, reduce }).filter(([, value]) => value !== undefined))
  if (name === undefined) {
    const [stray] = Object.keys(options)
    if (stray === undefined) return { predictor: undefined, plugins }
    return fail('E_ARGUMENT', {
      what: `--${stray} is an option of a predictor, but no predictor is named.`,
      expected: '--with tta.',
      received: `--${stray} alone.`,
      fix: 'add --with tta.',
    })
  }
  const { registry } = describeRow(row, { plugins })
  const names = registry.list('predictor').map((entry) => entry.name)
  if (!names.includes(name)) {
    fail('E_ARGUMENT', {
      what: `There is no predictor "${name}".`,
      expected: `one of ${names.join(', ')}.`,
      received: `--with ${name}.`,
      fix: suggest(name, names),
    })
  }
  const { use, problems } = registry.normalize('predictor', { use: name, ...options }, `${row.table.id}/${row.name}`)
  failAll(problems)
  return { predictor: use, plugins }
}
