import { readFileSync } from 'node:fs'
import { fail } from '@tricklab/core'
import { type AskPlace, askSlurm, checkSlurm, submitToSlurm } from '@tricklab/repro'
import { type Command, Option } from 'commander'
import { ownCommand } from '../ui/own-command.ts'
import { wholeNumber } from './arguments.ts'
import { listed, type Place } from './hand-over.ts'

/** What `addPlaceOptions` adds. */
export interface PlaceArguments {
  readonly on?: string
  readonly arrayLimit?: number
  readonly site?: string
}

interface Made {
  /** The options that it takes, of those that only places take. */
  readonly options: readonly (keyof PlaceArguments)[]
  make(given: PlaceArguments, more: readonly string[]): Place
}

const places: Readonly<Record<string, Made>> = {
  list: { options: [], make: () => listed },
  slurm: {
    options: ['arrayLimit', 'site'],
    make: ({ arrayLimit, site }, more) => {
      const siteOptions = [...(site === undefined ? [] : readSite(site)), ...more]
      return {
        check: checkSlurm,
        async submit(batch) {
          const id = await submitToSlurm(
            batch,
            { repro: ownCommand('repro'), cwd: process.cwd(), arrayLimit },
            siteOptions,
          )
          const text = `Slurm has ${batch.jobs.length} jobs as array ${id}; their output is in ${batch.folder}. See \`pnpm repro status\`.`
          return { id, text }
        },
      }
    },
  },
}

/** How places are asked for the states of their jobs. */
export const askPlaces: Readonly<Record<string, AskPlace>> = { slurm: askSlurm }

/** Adds `--on` and the options of the places. */
export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--on <place>',
        'hand the seeds over instead of training them here; list: only write the jobs, for any scheduler; slurm: one array',
      ).choices(Object.keys(places)),
    )
    .option(
      '--array-limit <n>',
      'with --on slurm: how many jobs run at the same time; default: as many as fit',
      wholeNumber('--array-limit', 1),
    )
    .option('--site <file>', 'with --on slurm: file of options of your site for sbatch, one a line')
}

/** The place that was asked for; undefined: here. @errors E_ARGUMENT where an option is of another place */
export function placeOf(given: PlaceArguments & { readonly jobs: number }, more: readonly string[]): Place | undefined {
  const { on } = given
  const place = on === undefined ? undefined : places[on]
  const stray = (Object.keys(flags) as (keyof typeof flags)[]).find(
    (key) => given[key] !== undefined && place?.options.includes(key) !== true,
  )
  if (stray !== undefined) refuse(flags[stray], `--on ${placesWith(stray)} with it`)
  if (more.length > 0 && on !== 'slurm') {
    refuse(`"${more[0]}"`, 'one table; what stands behind `--` goes to sbatch, with --on slurm')
  }
  if (place === undefined) return undefined
  if (given.jobs > 1) refuse('--jobs', `--on ${on} without --jobs`)
  return place.make(given, more)
}

const flags = { arrayLimit: '--array-limit', site: '--site' } as const satisfies {
  readonly [key in Exclude<keyof PlaceArguments, 'on'>]: string
}

const placesWith = (key: keyof PlaceArguments) =>
  Object.keys(places)
    .filter((name) => places[name]!.options.includes(key))
    .join(' or ')

function refuse(received: string, expected: string): never {
  fail('E_ARGUMENT', {
    what: 'An argument has no effect here.',
    expected: `${expected}.`,
    received: `${received}.`,
    fix: 'leave it out; see --help.',
  })
}

/** Options of a site, one a line; a line that begins with # is a remark. */
function readSite(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    return fail('E_ARGUMENT', {
      what: `The file of --site cannot be read: ${(cause as Error).message}.`,
      expected: 'a file with one option of sbatch a line.',
      received: `--site ${file}.`,
      fix: 'check the path.',
      cause,
    })
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
