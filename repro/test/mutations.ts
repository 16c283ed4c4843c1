/** Mutations of the files of a record: everything that a slip of the hand, a bad merge or a lie may do to one. */
import type { Json } from '@tricklab/core'

/** One changed version of a file. */
export interface Mutation {
  /** The place in the file: `dataset.digest`, `step.loss`, `line`. */
  readonly at: string
  readonly kind: string
  readonly text: string
}

type Path = readonly (string | number)[]
type Editable = { [key: string | number]: Json }

/** Stands for a token that `JSON.stringify` does not write. */
const raw = (token: string) => `\u0001${token}\u0001`
const write = (value: unknown, indent?: number) =>
  JSON.stringify(value, null, indent).replace(/"\\u0001(.*?)\\u0001"/g, '$1')

const read = (value: Json | undefined, path: Path): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => (inner as Editable | null | undefined)?.[key], value)

/** Every place in a value, the outermost apart. Of a list of plain values only both ends: what is between is their like. */
function placesIn(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const keys: (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  const plain = Array.isArray(value) && value.every((item) => typeof item !== 'object')
  return keys
    .filter((key) => !plain || key === 0 || key === keys.length - 1)
    .flatMap((key) => [[...path, key], ...placesIn((value as Editable)[key]!, [...path, key])])
}

/** The values that may stand in the place of another, by what was done. */
function replacements(value: Json, neighbour: Json | undefined, unit: number): [kind: string, value: unknown][] {
  const others: [string, unknown][] = [
    ['null', null],
    ['list', []],
    ['object', {}],
    ['truth', true],
    ...['NaN', 'Infinity', '-Infinity', '1e999', '-0'].map((token): [string, unknown] => [token, raw(token)]),
    ['NaN as text', 'NaN'],
    ...(neighbour === undefined ? [] : [['neighbour', neighbour] as [string, unknown]]),
  ]
  if (typeof value === 'number') {
    others.push(['text', String(value)], ['sign', -value], ['zero', 0], ['up', value + unit], ['down', value - unit])
    others.push(['half', value / 2], ['double', value * 2], ['huge', 1e12])
  } else if (typeof value === 'string') {
    others.push(['number', 7], ['empty', ''], ['longer', `${value}x`], ['first letter', edited(value)])
    if (!Number.isNaN(Date.parse(value)) && /^\d{4}-/.test(value)) {
      const moved = (hours: number) => new Date(Date.parse(value) + hours * 3_600_000).toISOString()
      others.push(['an hour later', moved(1)], ['an hour earlier', moved(-1)], ['epoch', new Date(0).toISOString()])
      others.push(['a year later', moved(8766)])
    }
  } else if (Array.isArray(value)) {
    if (value.length > 0) others.push(['first twice', [value[0], ...value]], ['one less', value.slice(1)])
    if (value.length > 1) others.push(['reversed', [...value].reverse()])
    others.push(['one more', [...value, value[0] ?? 'x']])
  } else if (typeof value === 'object' && value !== null) {
    others.push(['foreign key', { ...value, surprise: 1 }])
  }
  return others
}

/** Another digit or letter in front: of a hash one that is of the same form. */
const edited = (value: string) => (value.startsWith('a') ? 'b' : 'a') + value.slice(1)

export interface MutateOptions {
  /** A record of the same form, whose values are put in. */
  readonly neighbour?: Json | undefined
  readonly indent?: number
  /** The least change of a number that means something. Default: 1. */
  readonly unit?: (at: string, value: number) => number
  /** Which places; default: all. */
  readonly only?: (at: string) => boolean
}

/** Every place of a JSON text in every way. */
export function mutateJson(text: string, options: MutateOptions = {}): Mutation[] {
  const { neighbour, indent, unit = () => 1, only = () => true } = options
  const value = JSON.parse(text) as Json
  const end = text.endsWith('\n') ? '\n' : ''
  return placesIn(value).flatMap((path) => {
    const at = path.join('.')
    if (!only(at)) return []
    const own = read(value, path)!
    const key = path.at(-1)!
    const change = (edit: (parent: Editable) => void): string => {
      const copy = structuredClone(value)
      edit(read(copy, path.slice(0, -1)) as Editable)
      return write(copy, indent) + end
    }
    const put = (other: unknown) =>
      change((parent) => {
        parent[key] = other as Json
      })
    const removed = change((parent) => {
      if (Array.isArray(parent)) parent.splice(key as number, 1)
      else delete parent[key]
    })
    const renamed = change((parent) => {
      if (Array.isArray(parent)) return
      parent[`${key}2`] = parent[key]!
      delete parent[key]
    })
    const changed: [kind: string, text: string][] = [
      ...replacements(own, read(neighbour, path), typeof own === 'number' ? unit(at, own) : 1).map(
        ([kind, other]): [string, string] => [kind, put(other)],
      ),
      ['removed', removed],
      ['renamed', renamed],
      ...twiceIn(put(raw('twice')), key, own).map((twice): [string, string] => ['key twice', twice]),
    ]
    return changed.filter(([, other]) => other !== text).map(([kind, other]) => ({ at, kind, text: other }))
  })
}

/** A key of an object twice, with another value in front, of which `JSON.parse` says nothing. */
function twiceIn(marked: string, key: string | number, own: Json): string[] {
  const quoted = JSON.stringify(key)
  const place = new RegExp(`${quoted.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&')}:\\s*twice`)
  if (!place.test(marked)) return []
  return [marked.replace(place, () => `${quoted}: null, ${quoted}: ${JSON.stringify(own)}`)]
}

/** A log: fields of a few lines of every kind, and whole lines. */
export function mutateLog(text: string, options: MutateOptions = {}): Mutation[] {
  const lines = text.trimEnd().split('\n')
  const parsed = lines.map((line) => JSON.parse(line) as { event: string })
  const join = (changed: readonly string[]) => changed.map((line) => `${line}\n`).join('')
  const events = [...new Set(parsed.map(({ event }) => event))]
  return events.flatMap((event) => {
    const own = [...lines.keys()].filter((index) => parsed[index]!.event === event)
    const chosen = [...new Set([own[0]!, own[own.length >> 1]!, own.at(-1)!])]
    return chosen.flatMap((index) => {
      const neighbour = own.find((other) => other !== index)
      const fields = mutateJson(lines[index]!, {
        ...options,
        unit: (at, value) => options.unit?.(`${event}.${at}`, value) ?? 1,
        only: (at) => options.only?.(`${event}.${at}`) ?? true,
        neighbour: neighbour === undefined ? undefined : (parsed[neighbour] as unknown as Json),
      }).map(({ at, kind, text: line }) => ({ at: `${event}.${at}`, kind, text: join(lines.with(index, line)) }))
      const line = lines[index]!
      const swapped = index + 1 < lines.length ? lines.with(index, lines[index + 1]!).with(index + 1, line) : undefined
      const whole: [string, readonly string[] | undefined][] = [
        ['removed', lines.toSpliced(index, 1)],
        ['twice', lines.toSpliced(index, 0, line)],
        ['swapped with the next', swapped],
        ['moved to the front', [line, ...lines.toSpliced(index, 1)]],
        ['moved to the end', [...lines.toSpliced(index, 1), line]],
        ['cut in half', lines.with(index, line.slice(0, line.length >> 1))],
        ['empty', lines.with(index, '')],
        ['no object', lines.with(index, 'null')],
        ['of another', neighbour === undefined ? undefined : lines.with(index, lines[neighbour]!)],
      ]
      const moved = whole.flatMap(([kind, changed]) =>
        changed === undefined ? [] : [{ at: `${event} line`, kind, text: join(changed) }],
      )
      return [...fields, ...moved].filter((mutation) => mutation.text !== text)
    })
  })
}
