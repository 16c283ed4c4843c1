/**
 * Every record that `repro check` accepts must be possible, in its place, and its own. Accepted records are changed in
 * every way, and sealed again as a forger would, so that the checks of meaning stand alone. None may pass but where
 * `free` says why; without the new seal none may pass at all.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Json } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import type { Table } from '@tricklab/core/recipe'
import { afterAll, describe, expect, test } from 'vitest'
import { checkAcceptedRecords } from '../src/accepted/check-accepted.ts'
import { acceptedFolder } from '../src/accepted/places.ts'
import { forgedTable, writeForgedRecords } from './forged-table.ts'
import { type Mutation, mutateJson, mutateLog } from './mutations.ts'

/** The texts of a folder of records by path. */
type Files = { readonly [file: string]: string }

const roots: string[] = []
const newRoot = () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'tricklab-mutations-'))
  roots.push(root)
  return root
}
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true })
})

/** What a forger does last: the hashes are those of what lies there now. */
function resealed(files: Files): Files {
  const parsed = (text: string) => {
    try {
      return JSON.parse(text) as { seal?: unknown } | null
    } catch {
      return null
    }
  }
  const hashText = (text: string) => createHash('sha256').update(text).digest('hex')
  const sealed = Object.entries(files).map(([file, text]): [string, string] => {
    const value = parsed(text)
    if (!file.endsWith('.json') || typeof value?.seal === 'undefined') return [file, text]
    const { seal, ...rest } = value
    const own = hashJson(rest as Json)
    if (file.endsWith('measurement.json'))
      return [file, text.replace(`"seal":${JSON.stringify(seal)}`, `"seal":"${own}"`)]
    const logs = Object.entries(files).filter(
      ([other]) => path.dirname(other) === path.dirname(file) && other.endsWith('.jsonl'),
    )
    const hashes = logs.map(([other, log]) => [path.basename(other), hashText(log)] as const)
    const fresh = { manifest: own, files: Object.fromEntries(hashes) }
    // In the text, for what the value does not tell: a key that stands twice.
    const place = text.lastIndexOf('"seal": {')
    return [file, `${text.slice(0, place)}"seal": ${JSON.stringify(fresh)}\n}\n`]
  })
  return Object.fromEntries(sealed)
}

/** Places that say something which nothing else in the record repeats, and what may therefore be changed unnoticed there. */
interface Free {
  readonly at: RegExp
  readonly kinds?: RegExp
  readonly why: string
}

const machine =
  /^(joined\.0\.)?(engine\.(version|device|threads|details)|environment\.(node|tfjs|os|cpu|cores|memoryGiB|commit|dirty|lockfile|plugins\.\w+))$/

const free: readonly Free[] = [
  { at: /^seeds$/, kinds: /reversed/, why: 'In which order seeds are named says nothing.' },
  {
    at: machine,
    why: 'What the machine said of itself and of the sources. Its form is checked; no other file repeats it.',
  },
  {
    at: /^(joined\.0\.)?(started|ended)$/,
    kinds: /an hour|epoch|a year|neighbour/,
    why: 'A run may begin long before its first seed and end long after its last: it may have been resumed. Order is checked.',
  },
  {
    at: /^(step|epoch|predict|end)\.(seconds|waited)$/,
    kinds: /neighbour|up|down|half|double|zero/,
    why: 'A time is a measurement. It is above 0, parts are within the whole, and the whole within the clock.',
  },
  {
    at: /^(end|resume)\.time$/,
    kinds: /an hour/,
    why: 'A machine may sleep, so that more time passes than is spent. Order is checked, and that no less passes.',
  },
  {
    at: /^resume line$/,
    kinds: /removed/,
    why: 'A pause changes no number but the clock, which may also have stood for a sleep.',
  },
  {
    at: /^epoch\.(train\.(accuracy|top\d-accuracy)|valid\.(loss|accuracy|top\d-accuracy))$/,
    kinds: /neighbour|zero|up|down|half|double|huge/,
    why: 'A score is a measurement: the loss of the steps is bound to them and the last validation to the result; the others only have to be possible.',
  },
  {
    at: /^loadAtStart$/,
    kinds: /neighbour|zero|up|down|half|double|huge/,
    why: 'What the system said. It is not below 0.',
  },
  {
    at: /^samples\.\d+\.turns(\.\d+){0,2}$/,
    kinds: /neighbour|up|down|half|double|reversed/,
    why: 'Raw figures are measurements: above 0, as many as stated, seconds within the clock, bytes within the memory.',
  },
  { at: /^samples$/, kinds: /reversed/, why: 'In which order series are written says nothing.' },
  { at: /^end\.peakMemoryMiB$/, kinds: /up|down|half|double/, why: 'A measurement, within the memory of the machine.' },
  {
    at: /^end\.weights$/,
    kinds: /first letter/,
    why: 'The weights are not in the record. No two trainings may have the same.',
  },
]

/** A folder of records with one thing changed. */
interface Changed {
  readonly at: string
  readonly kind: string
  readonly files: Files
}

/** Checks folders of records, of which each differs from the one before by little. */
function createChecker(tables: readonly Table[]) {
  const root = newRoot()
  let before: Files = {}
  return async (files: Files): Promise<boolean> => {
    for (const file of Object.keys(before)) if (files[file] === undefined) rmSync(path.join(root, file))
    for (const [file, text] of Object.entries(files)) {
      if (before[file] === text) continue
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(path.join(root, file), text)
    }
    before = files
    return (await checkAcceptedRecords({ root, tables })).ok
  }
}

const usedFree = new Set<Free>()

/** The mutations that the check does not find and nothing excuses, and those that it does not survive. */
async function survivors(tables: readonly Table[], files: Files, changes: readonly Changed[]): Promise<string[]> {
  const check = createChecker(tables)
  expect(await check(files)).toBe(true)
  const passed: string[] = []
  for (const { at, kind, files: changed } of changes) {
    try {
      if (!(await check(changed))) continue
    } catch (error) {
      passed.push(`${at}: ${kind} crashes the check: ${error}`)
      continue
    }
    const excuse = free.find((one) => one.at.test(at) && (one.kinds?.test(kind) ?? true))
    if (excuse === undefined) passed.push(`${at}: ${kind}`)
    else usedFree.add(excuse)
  }
  return passed
}

/** Mutations of one file, sealed by the forger; those of the seal itself are not. */
const inFile = (files: Files, file: string, mutations: readonly Mutation[]): Changed[] =>
  mutations.map(({ at, kind, text }) => {
    const edited = { ...files, [file]: text }
    return { at, kind, files: at.startsWith('seal') ? edited : resealed(edited) }
  })

/** Files removed, cut, exchanged, copied and added. */
function ofFiles(files: Files, named: readonly string[], strays: readonly string[]): Changed[] {
  const without = (file: string) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== file))
  const withText = (file: string, text: string) => ({ ...files, [file]: text })
  return [
    ...named.flatMap((file): Changed[] => [
      { at: file, kind: 'removed', files: without(file) },
      { at: file, kind: 'renamed', files: { ...without(file), [`${file}.bak`]: files[file]! } },
      ...['', '{}', 'null', '[]', '7', '"text"', '\u0000\u0001'].map((text) => ({
        at: file,
        kind: `is ${JSON.stringify(text)}`,
        files: withText(file, text),
      })),
      { at: file, kind: 'cut in half', files: withText(file, files[file]!.slice(0, files[file]!.length >> 1)) },
      { at: file, kind: 'twice', files: withText(file, files[file]! + files[file]!) },
      ...Object.entries(files)
        .filter(([other, text]) => text !== files[file] && path.extname(other) === path.extname(file))
        .map(([other, text]) => ({ at: file, kind: `is ${other}`, files: withText(file, text) })),
    ]),
    ...strays.map((file) => ({ at: file, kind: 'stray', files: withText(file, files[named[0]!]!) })),
  ].map((changed) => ({ ...changed, files: resealed(changed.files) }))
}

/** The texts of files below a folder of records. */
const filesOf = (root: string, names: readonly string[]): Files =>
  Object.fromEntries(names.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]))

/** The least change of a number that means something. */
const unit = (at: string, value: number): number => {
  if (/\bloss$/i.test(at)) return Math.abs(value) * 2 ** -23
  if (/learningRate|momentum/.test(at)) return value * 1e-6
  if (/accuracy/.test(at)) return 1 / 40
  return Number.isInteger(value) ? 1 : 1e-3
}

/** Of a recipe, whose hash guards every part of it alike, one place of each kind. */
const thinRecipe = (at: string) =>
  !at.startsWith('recipe.') || /^recipe\.(epochs|data|data\.dataset\.use|stages)$/.test(at)

describe('a record of a training', async () => {
  const root = newRoot()
  await writeForgedRecords(root)
  const logs = [1, 2, 3].map((seed) => `forged/full/seed-${seed}.jsonl`)
  const others = ['manifest.json', 'seed-4.jsonl', 'seed-5.jsonl'].map((name) => `forged/plain/${name}`)
  const manifest = 'forged/full/manifest.json'
  const files = filesOf(root, [manifest, ...logs, ...others])
  const neighbour = JSON.parse(files[others[0]!]!) as Json
  const inManifest = inFile(
    files,
    manifest,
    mutateJson(files[manifest]!, { neighbour, indent: 2, unit, only: thinRecipe }),
  )
  const inLog = inFile(files, logs[0]!, mutateLog(files[logs[0]!]!, { unit }))

  test('may have no other manifest', async () => {
    expect(inManifest.length).toBeGreaterThan(1500)
    expect(await survivors([forgedTable], files, inManifest)).toEqual([])
  })

  test('may have no other log', async () => {
    expect(inLog.length).toBeGreaterThan(1000)
    expect(await survivors([forgedTable], files, inLog)).toEqual([])
  })

  test('may have no other files', async () => {
    const strays = [
      'forged/full/notes.txt',
      'forged/notes.txt',
      'notes.txt',
      'forged/full/seed-9.jsonl',
      'forged/full/deep/seed-1.jsonl',
      'forged/none/manifest.json',
      'forged/measurement.json',
    ]
    const changes = ofFiles(files, [manifest, ...logs], strays)
    expect(await survivors([forgedTable], files, changes)).toEqual([])
  })

  test('has a seal that every one of them breaks', async () => {
    const edits = [
      ...mutateJson(files[manifest]!, { neighbour, indent: 2, unit, only: (at) => machine.test(at) }).map((edit) => ({
        file: manifest,
        edit,
      })),
      ...mutateLog(files[logs[0]!]!, { unit, only: (at) => /seconds|waited|accuracy|weights|peak|time/.test(at) }).map(
        (edit) => ({ file: logs[0]!, edit }),
      ),
    ]
    const check = createChecker([forgedTable])
    for (const { file, edit } of edits) {
      expect(await check({ ...files, [file]: edit.text }), `${edit.at}: ${edit.kind}`).toBe(false)
    }
    expect(await check(files)).toBe(true)
  })
})

test('the smallest real record of photos may have no other log or manifest', async () => {
  const files = filesOf(
    acceptedFolder,
    ['manifest.json', 'seed-1.jsonl'].map((name) => `imagewoof-128-5/maxblurpool/${name}`),
  )
  const [manifest, log] = Object.keys(files) as [string, string]
  const [neighbour] = Object.values(filesOf(acceptedFolder, ['imagewoof-128-5/ranger-mish/manifest.json']))
  const only = (at: string) => thinRecipe(at) && !/^(hooks|environment|reported)\./.test(at)
  const changes = [
    ...inFile(
      files,
      manifest,
      mutateJson(files[manifest]!, { neighbour: JSON.parse(neighbour!) as Json, indent: 2, unit, only }),
    ),
    ...inFile(
      files,
      log,
      mutateLog(files[log]!, { unit: (at, value) => (/accuracy/.test(at) ? 1 / 500 : unit(at, value)) }),
    ),
  ]
  // Every field in a few ways: how often each is found is what the small records above are for.
  const thinned = changes.filter((_, index) => index % 7 === 0)
  expect(await survivors([], files, thinned)).toEqual([])
})

describe.each(['ssa-complexity', 'imagewoof-epoch-time-128'])('the measurement %s', (id) => {
  const file = `${id}/measurement.json`
  const files = filesOf(acceptedFolder, [file])
  const neighbour = JSON.parse(
    readFileSync(path.join(acceptedFolder, 'imagewoof-epoch-time-256/measurement.json'), 'utf8'),
  ) as Json

  test('may have no other figures', async () => {
    const only = (at: string) => !/^(measured|samples\.([2-9]|\d\d))\./.test(at)
    const changes = inFile(files, file, mutateJson(files[file]!, { neighbour, unit, only }))
    expect(await survivors([], files, changes)).toEqual([])
  })

  test('may have no other files', async () => {
    const changes = ofFiles(files, [file], [`${id}/notes.txt`, `other/measurement.json`])
    expect(await survivors([], files, changes)).toEqual([])
  })
})

test('every excuse is needed', () => {
  expect(free.filter((excuse) => !usedFree.has(excuse)).map(({ at }) => String(at))).toEqual([])
})
