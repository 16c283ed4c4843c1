import type { Plugin } from '@tricklab/core/plugin'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { describe, expect, test } from 'vitest'
import { registrations } from '../src/registrations.ts'
import { listPages, readPage } from './pages.ts'

test.each<[string, Plugin]>([
  ['packages/data/README.md', data],
  ['packages/nn/README.md', nn],
  ['packages/optim/README.md', optim],
])('%s names every component that its package registers', (page, plugin) => {
  const text = readPage(page)
  const registered = registrations(plugin)
  expect(registered.length).toBeGreaterThan(5)
  expect(
    registered.filter(({ name }) => !text.includes(`\`${name}\``)).map(({ kind, name }) => `${kind} ${name}`),
  ).toEqual([])
})

/** What a reader stumbles over in the point of a list, who has not read the lines around it. */
export function faultsOf(point: string): string[] {
  return [
    ...(/^(It|Its|They|Their|This|That|These|Those|Such|As|Of|Beside|Whether|What|Whoever)\b/.test(point)
      ? ['begins with a word that stands for something else, or with no subject']
      : []),
    ...(/^(Differs|Paper: none)\b|: (no|in nothing)\.$|\bin nothing\b/.test(point)
      ? ['has no subject; write "Difference from the paper: none."']
      : []),
    ...(/\b(and|or) the like\b/.test(point) ? ['names things without naming them'] : []),
    ...(/\b(channel|parameter|kernel|convolution|image|layer) a (channel|parameter|kernel|layer|step|batch)\b/.test(
      point,
    )
      ? ['says "a" for "for each"']
      : []),
  ]
}

const pointsOf = (text: string): string[] =>
  [...text.matchAll(/^- ((?:.+\n)(?: {2}.+\n)*)/gm)].map(([, point]) => point!.replace(/\s+/g, ' ').trim())

test('finds points that are not understood by themselves', () => {
  const points = [
    'It stands behind the last norm.',
    'Differs from the paper: in nothing.',
    'A step takes one kernel a layer.',
    'Mixup and the like see small images.',
  ]
  expect(points.map((point) => faultsOf(point).length)).toEqual([1, 1, 1, 1])
  expect(pointsOf('- One\n  point.\n- Another.\n')).toEqual(['One point.', 'Another.'])
})

describe('lists of pages are plain', () => {
  const pages = listPages().map((page) => [page, pointsOf(readPage(page))] as const)

  test('there are some', () => expect(pages.flatMap(([, points]) => points).length).toBeGreaterThan(100))

  test.each(pages)('%s', (_page, points) => {
    const found = points.map((point) => [point, faultsOf(point)] as const).filter(([, faults]) => faults.length > 0)
    expect(found).toEqual([])
  })
})
