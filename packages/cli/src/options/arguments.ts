import { fail } from '@tricklab/core'
import { type EngineName, type EngineOptions, engineNames } from '@tricklab/engine'
import type { Limits } from '@tricklab/train'
import { type Command, Option } from 'commander'

function bad(option: string, expected: string, received: string): never {
  fail('E_ARGUMENT', {
    what: `${option} is not of the right form.`,
    expected: `${expected}.`,
    received: `"${received}".`,
    fix: 'see --help.',
  })
}

/** A whole number from `min`. */
export const wholeNumber =
  (option: string, min: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      bad(option, `a whole number from ${min}`, text)
    return value
  }

/** A positive number. */
export const positiveNumber =
  (option: string) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isFinite(value) || value <= 0) bad(option, 'a number above 0', text)
    return value
  }

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/** `8h`, `90min`, `1.5d`. @returns seconds */
export const duration =
  (option: string) =>
  (text: string): number => {
    const [, count, unit] = /^(\d+(?:\.\d+)?)(s|m|min|h|d)$/.exec(text.trim()) ?? []
    const seconds = Number(count) * (unitSeconds[unit ?? ''] ?? Number.NaN)
    if (!Number.isFinite(seconds) || seconds <= 0) bad(option, 'a duration above 0 such as 8h, 90min or 1.5d', text)
    return seconds
  }

/** So many seeds that a count is rather a seed, or a slip of the finger. */
const mostSeeds = 1000

/** `--seeds 5`: how many, so the seeds 1 to 5. */
export function seedCount(text: string): number[] {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > mostSeeds) {
    // `2,` is a list of one, and `1,2` could not be told from a count by whoever reads it: lists have an option of their own.
    const list = /^[\d\s,]*\d[\d\s,]*$/.test(text) ? text.match(/\d+/g)! : ['1', '3']
    fail('E_ARGUMENT', {
      what: '--seeds says how many seeds to train, not which.',
      expected: `a count from 1 to ${mostSeeds}, such as 5 for the seeds 1 to 5.`,
      received: `"${text}".`,
      fix: `name seeds with --seed: --seed ${[...new Set(list)].join(',')}.`,
    })
  }
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** `--seed 1,3`: which seeds, every one once. */
export function seedList(text: string): number[] {
  const seeds = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
  if (!seeds.every(Number.isSafeInteger)) bad('--seed', 'a seed such as 7, or a list such as 1,2,3', text)
  if (new Set(seeds).size !== seeds.length) bad('--seed', 'every seed once', text)
  return seeds
}

/** Adds `--seeds`, how many, and `--seed`, which; only one of them may be given. */
export function addSeedOptions(command: Command, defaults: string): Command {
  return command
    .option(
      '--seeds <n>',
      `how many seeds: 5 trains the seeds 1 to 5; default: the seeds that the ${defaults} names`,
      seedCount,
    )
    .addOption(new Option('--seed <list>', 'which seeds, by number: 7, or 1,3').argParser(seedList).conflicts('seeds'))
}

/** What `addSeedOptions` adds. */
export interface SeedArguments {
  readonly seeds?: number[]
  readonly seed?: number[]
}

/** The seeds that were asked for; undefined: those of the table. */
export const seedsOf = ({ seeds, seed }: SeedArguments): number[] | undefined => seed ?? seeds

/** `a,b,c`, every name once. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) bad('--drop', 'names such as mish,blurpool', text)
  return [...new Set(names)]
}

/** `x,y;x,y`: places in an image. @unit pixels */
export function positionList(text: string): { x: number; y: number }[] {
  return text.split(';').map((part) => {
    const [, x, y] = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(part) ?? bad('--positions', 'pixels such as 64,64;20,100', text)
    return { x: Number(x), y: Number(y) }
  })
}

/** `x,y`: two numbers. */
export function coefficientPair(text: string): [number, number] {
  const [x, y, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (!Number.isFinite(x) || !Number.isFinite(y) || more.length > 0) {
    bad('--coefficients', 'two numbers such as 0.5,-0.5', text)
  }
  return [x!, y!]
}

/** Names of engines, and below those of precisions, are checked by the engine package itself when one is prepared. */
export const engineHelp = `auto, ${engineNames().join(', ')}`

export interface EngineArguments {
  readonly engine: string
  readonly precision?: string
  readonly threads?: number
}

export function engineChoice({ engine, precision, threads }: EngineArguments): [EngineName | 'auto', EngineOptions] {
  return [engine, { ...(precision === undefined ? {} : { precision }), ...(threads === undefined ? {} : { threads }) }]
}

export function limitsOf(options: { epochs?: number; limitTrain?: number; limitValid?: number }): Limits {
  const { epochs, limitTrain, limitValid } = options
  return {
    ...(epochs === undefined ? {} : { epochs }),
    ...(limitTrain === undefined ? {} : { limitTrain }),
    ...(limitValid === undefined ? {} : { limitValid }),
  }
}
