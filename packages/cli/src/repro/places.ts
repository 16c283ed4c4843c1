import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fail } from '@tricklab/core'
import {
  type AskPlace,
  askQueue,
  askSlurm,
  checkRedis,
  checkSlurm,
  type FetchRecords,
  fetchFromQueue,
  kubernetesManifest,
  measuredMemory,
  submitToQueue,
  submitToSlurm,
  withoutPassword,
} from '@tricklab/repro'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { ownCommand } from '../ui/own-command.ts'
import { listed, type Place } from './hand-over.ts'

/** What `addPlaceOptions` adds. */
export interface PlaceArguments {
  readonly on?: string
  readonly arrayLimit?: number
  readonly site?: string
  readonly redis?: string
  readonly image?: string
  readonly claim?: string
  readonly kueue?: string
}

interface Made {
  /** The options that it takes, of those that only places take. */
  readonly options: readonly (keyof PlaceArguments)[]
  make(given: PlaceArguments & { readonly out: string }, more: readonly string[]): Place
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
  bullmq: {
    options: ['redis'],
    make({ redis = defaultRedis() }) {
      const server = withoutPassword(redis)
      return {
        check: () => checkRedis(redis),
        async submit(batch) {
          const id = await submitToQueue(batch, redis)
          const text = `${batch.jobs.length} jobs are in the queue at ${server}. Train them with \`pnpm repro worker\` on any machine that sees ${batch.folder}, and with \`pnpm repro worker --upload FOLDER\` on others.`
          return { id, text }
        },
      }
    },
  },
  kubernetes: {
    options: ['arrayLimit', 'image', 'claim', 'kueue'],
    make({ arrayLimit, image, claim = 'tricklab', kueue: queue, out }) {
      if (image === undefined) {
        fail('E_ARGUMENT', {
          what: 'The pods need an image.',
          expected: '--on kubernetes --image IMAGE.',
          received: 'no --image.',
          fix: 'build one from the Dockerfile of the repository, and push it to where the cluster finds it.',
        })
      }
      const runs = path.resolve(out)
      return {
        async submit(batch) {
          const memory = await measuredMemory(batch, runs)
          process.stdout.write(`${kubernetesManifest(batch, { image, claim, runs, arrayLimit, queue, memory })}\n`)
          const requests =
            memory === undefined ? ' No seed of some row was trained yet, so it asks for no certain memory.' : ''
          const text = `${batch.jobs.length} jobs are in ${batch.folder}. Apply the manifest with \`kubectl apply -f\`.${requests}`
          return { text }
        },
      }
    },
  },
}

/** Where a queue is, unless it is said: the same for those who fill it and those who empty it. */
export const defaultRedis = (): string => process.env.TRICKLAB_REDIS ?? 'redis://127.0.0.1:6379'

export const redisHelp =
  'URL of the Redis, with its password: redis://:PASSWORD@HOST:6379; default: TRICKLAB_REDIS, or the Redis of this machine'

/** How places are asked for the states of their jobs. */
export const askPlaces: Readonly<Record<string, AskPlace>> = { slurm: askSlurm, bullmq: askQueue }

/** How the records are fetched that were sent to a place. */
export const fetchFrom: Readonly<Record<string, FetchRecords>> = { bullmq: fetchFromQueue }

/** Adds `--on` and the options of the places. */
export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--on <place>',
        'hand the seeds over instead of training them here; list: only write the jobs, for any scheduler; slurm: one array; bullmq: a queue on Redis; kubernetes: print an Indexed Job',
      ).choices(Object.keys(places)),
    )
    .option(
      '--array-limit <n>',
      'with --on slurm or kubernetes: how many jobs run at the same time; default: as many as fit',
      wholeNumber('--array-limit', 1),
    )
    .option('--site <file>', 'with --on slurm: file of options of your site for sbatch, one a line')
    .option('--image <name>', 'with --on kubernetes: the image of the pods')
    .option('--claim <name>', 'with --on kubernetes: the PersistentVolumeClaim for runs and cache; default: tricklab')
    .option('--kueue <queue>', 'with --on kubernetes: a queue of Kueue, which then begins the jobs')
    .option('--redis <url>', `with --on bullmq: ${redisHelp}`)
}

/** The place that was asked for; undefined: here. @errors E_ARGUMENT where an option is of another place */
export function placeOf(
  given: PlaceArguments & { readonly jobs: number; readonly out: string; readonly json?: boolean },
  more: readonly string[],
): Place | undefined {
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
  if (given.json === true)
    refuse('--json', `--on ${on} without --json, and then \`repro status --json\` or \`repro collect --json\``)
  if (given.jobs > 1) refuse('--jobs', `--on ${on} without --jobs`)
  return place.make(given, more)
}

const flags = {
  arrayLimit: '--array-limit',
  site: '--site',
  redis: '--redis',
  image: '--image',
  claim: '--claim',
  kueue: '--kueue',
} as const satisfies {
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
