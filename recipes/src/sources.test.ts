import { expect, test } from 'vitest'
import { tables } from './index.ts'
import { readSource } from './sources.ts'

test('the name of a document whose place is known is told from the rest', () => {
  expect(readSource('SlowAI, "ResNets" (004_cd1f3549efaaf2f2.txt), page 2')).toEqual({
    name: 'SlowAI, "ResNets"',
    url: 'https://github.com/jeremyadamsfisher/SlowAI/blob/HEAD/nbs/11_resnets.ipynb',
    rest: ' (004_cd1f3549efaaf2f2.txt), page 2',
  })
  for (const source of ['my notes', 'a forum (002_0000000000000000.txt)', '']) {
    expect(readSource(source)).toEqual({ name: source, url: undefined, rest: '' })
  }
})

test('every document that a table names has an address, but the thread whose address is not known', () => {
  const named = tables.filter(({ source }) => /\(\d{3}_/.test(source))
  const without = named.filter(({ source }) => readSource(source).url === undefined).map(({ source }) => source)
  expect(named.length).toBeGreaterThan(15)
  expect(without.every((source) => source.includes('002_eac72378d517d72f.txt'))).toBe(true)
})
