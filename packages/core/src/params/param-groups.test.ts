import { expect, test } from 'vitest'
import type { NamedParam } from '../contracts.ts'
import { TricklabError } from '../errors/index.ts'
import { trainable } from './index.ts'
import { groupParams, matchesPath, type ParamGroup } from './param-groups.ts'

const param = (path: string, role: NamedParam['role']): NamedParam => ({ path, role, value: null as never })
const params = [
  param('stem/conv/weight', 'weight'),
  param('stage1/block1/conv/weight', 'weight'),
  param('stage1/block1/norm/gamma', 'norm'),
  param('stage1/block1/norm/mean', 'buffer'),
  param('stage10/conv/weight', 'weight'),
  param('head/bias', 'bias'),
]

test.each([
  ['stage1', 'stage1/block1/conv/weight', true],
  ['stage1', 'stage10/conv/weight', false],
  ['stage1/**', 'stage1/block1/conv/weight', true],
  ['stage*/conv', 'stage10/conv/weight', true],
  ['stage*/conv', 'stage1/block1/conv/weight', false],
  ['**/conv/weight', 'stage1/block1/conv/weight', true],
  ['**/weight', 'head/bias', false],
  ['head/bia.', 'head/bias', false],
])('%s and %s: %s', (pattern, path, fits) => {
  expect(matchesPath(pattern, path)).toBe(fits)
})

test('a group gives its parameters what it says, by path and role; the others stay as they are', () => {
  const grouped = groupParams(params, [
    { match: 'stage1', role: ['weight'], learningRate: 0.1, weightDecay: 0 },
    { match: 'stem', freeze: true },
  ])
  expect(grouped).toEqual([
    { ...params[0], frozen: true },
    { ...params[1], learningRate: 0.1, weightDecay: 0 },
    ...params.slice(2),
  ])
  expect(trainable(grouped).map(({ path }) => path)).toEqual([
    'stage1/block1/conv/weight',
    'stage1/block1/norm/gamma',
    'stage10/conv/weight',
    'head/bias',
  ])
})

test('a model without parameters is no fault of the groups', () => {
  expect(groupParams([], [])).toEqual([])
  expect(groupParams(params.slice(3, 4), [])).toEqual(params.slice(3, 4))
})

test.each<[readonly ParamGroup[], readonly RegExp[]]>([
  [
    [{ match: 'stagee', freeze: true }],
    [/the group "stagee" .* no parameter .* Expected: a path such as "stem\/\*\*"/],
  ],
  [[{ match: 'head', role: ['norm'], learningRate: 2 }], [/the group "head" .* matches no parameter/]],
  // Running statistics are not trained.
  [[{ match: '**/mean', freeze: true }], [/matches no parameter/]],
  [
    [
      { match: 'stage1', freeze: true },
      { match: '**/weight', learningRate: 2 },
    ],
    [/2 groups .* match the parameter "stage1\/block1\/conv\/weight".* Received: "stage1", "\*\*\/weight"/],
  ],
  [[{ match: '**', freeze: true }], [/freeze every parameter/]],
])('%j is refused, with all that is wrong', (groups, messages) => {
  try {
    groupParams(params, groups, 't/row')
    expect.fail('accepted')
  } catch (error) {
    const { problems, message } = error as TricklabError
    expect(error).toBeInstanceOf(TricklabError)
    expect(problems.map(({ code }) => code)).toEqual(messages.map(() => 'E_PARAMS'))
    for (const [index, line] of message.split('\n').entries()) expect(line).toMatch(messages[index]!)
  }
})
