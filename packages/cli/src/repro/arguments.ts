import { fail } from '@tricklab/core'
import { type EngineName, type EngineOptions, engineNames } from '@tricklab/engine'
import type { Limits } from '@tricklab/repro'

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

/** `5`: the seeds 1 to 5. `1,2,7` (or `7,`): just these. */
export function seedList(text: string): number[] {
  if (/^\d+$/.test(text)) {
    const count = wholeNumber('--seeds', 1)(text)
    return Array.from({ length: count }, (_, index) => index + 1)
  }
  const seeds = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => Number(part))
  if (seeds.length === 0 || seeds.some((seed) => !Number.isSafeInteger(seed) || seed < 0)) {
    bad('--seeds', 'a count such as 5, or a list such as 1,2,3', text)
  }
  if (new Set(seeds).size !== seeds.length) bad('--seeds', 'every seed once', text)
  return seeds
}

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

/** An engine name, checked by the engine package itself when it is prepared. */
export const engineHelp = `auto, ${engineNames.join(', ')}`

export interface EngineArguments {
  readonly engine: string
  readonly precision?: string
  readonly threads?: number
}

export function engineChoice({ engine, precision, threads }: EngineArguments): [EngineName | 'auto', EngineOptions] {
  if (precision !== undefined && precision !== 'f32' && precision !== 'bf16') {
    bad('--precision', 'f32 or bf16', precision)
  }
  return [
    engine as EngineName | 'auto',
    { ...(precision === undefined ? {} : { precision }), ...(threads === undefined ? {} : { threads }) },
  ]
}

export function limitsOf(options: { epochs?: number; limitTrain?: number; limitValid?: number }): Limits {
  const { epochs, limitTrain, limitValid } = options
  return {
    ...(epochs === undefined ? {} : { epochs }),
    ...(limitTrain === undefined ? {} : { limitTrain }),
    ...(limitValid === undefined ? {} : { limitValid }),
  }
}
