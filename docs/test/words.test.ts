import type { Option } from '@tricklab/core/options'
import type { Plugin } from '@tricklab/core/plugin'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { describe, expect, test } from 'vitest'
import { registrations } from '../src/registrations.ts'
import { tricks } from '../src/tricks/list.ts'

interface Text {
  readonly place: string
  readonly doc: string
  /** Values of a choice. */
  readonly choices: readonly string[]
}

/** Every line of documentation of every component and option. */
const texts: readonly Text[] = [data, nn, optim, ...tricks.map(({ plugin }) => plugin)].flatMap((plugin) =>
  registrations(plugin as Plugin).flatMap(({ kind, name, component }) => [
    { place: `${kind} ${name}`, doc: component.doc, choices: [] },
    ...Object.entries<Option>(component.options).map(([option, { type, accepts, doc }]) => ({
      place: `${kind} ${name}, option ${option}`,
      doc,
      choices: type === 'choice' ? accepts.split(' or ').map((value) => JSON.parse(value) as string) : [],
    })),
  ]),
)

/** What a reader stumbles over who has not read the lines around it. */
export function faultsOf({ doc, choices }: Pick<Text, 'doc' | 'choices'>): string[] {
  const words = doc.split(/\s+/)
  return [
    ...(words.length < 3 ? ['has fewer than three words'] : []),
    ...(doc.endsWith('.') ? [] : ['does not end with a full stop']),
    ...(/^[\p{Lu}`]|^fastai|^[(x]/u.test(doc) ? [] : ['does not begin like a sentence']),
    ...(/^(Which|Whose|What|Who|Those|These|That|It|Its|They|Their|Of)\b/.test(doc)
      ? ['begins with a word that stands for something the reader cannot see']
      : []),
    ...(/(s'|'s)\.$/.test(doc) ? ['ends with a possessive without its noun'] : []),
    ...choices.filter((value) => !doc.includes(value)).map((value) => `does not explain "${value}"`),
  ]
}

test('finds what is not understood at first reading', () => {
  expect(faultsOf({ doc: "Which of the source's.", choices: ['a'] })).toEqual([
    'begins with a word that stands for something the reader cannot see',
    'ends with a possessive without its noun',
    'does not explain "a"',
  ])
  expect(faultsOf({ doc: 'batch norm', choices: [] })).toHaveLength(3)
})

describe('documentation of components and options is plain', () => {
  test('there is some', () => expect(texts.length).toBeGreaterThan(200))

  test.each(texts)('$place', (text) => {
    expect(faultsOf(text), text.doc).toEqual([])
  })
})
