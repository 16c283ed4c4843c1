import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ErrorCode, errorCodes, fail, failAll, formatProblem, suggest, TricklabError } from './index.ts'

function caught(body: () => void): TricklabError {
  try {
    body()
  } catch (error) {
    if (error instanceof TricklabError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a message has one form, and leaves out what there is nothing to say about', () => {
  expect(formatProblem({ code: 'E_SHAPE', what: 'It does not fit.' })).toBe('[E_SHAPE] It does not fit.')
  expect(formatProblem({ code: 'E_SHAPE', what: 'It does not fit.', expected: 'a.', received: 'b.', fix: 'c.' })).toBe(
    '[E_SHAPE] It does not fit. Expected: a. Received: b. Fix: c.',
  )
})

test('fail keeps code, cause and exit code', () => {
  const cause = new Error('below')
  const error = caught(() => fail('E_CHECKPOINT_WRITE', { what: 'No space.', cause }))
  expect(error).toMatchObject({ code: 'E_CHECKPOINT_WRITE', exitCode: 3, cause, name: 'TricklabError' })
  expect(error).toBeInstanceOf(Error)
})

test('failAll shows every problem, is led by the first, and does nothing without any', () => {
  failAll([])
  const error = caught(() =>
    failAll([
      { code: 'E_RECIPE', what: 'First.' },
      { code: 'E_OPTION_TYPE', what: 'Second.' },
    ]),
  )
  expect(error.code).toBe('E_RECIPE')
  expect(error.problems).toHaveLength(2)
  expect(error.message).toBe('[E_RECIPE] First.\n[E_OPTION_TYPE] Second.')
})

test('every code has an exit code of the documented ones and a sentence', () => {
  for (const [code, { exit, meaning }] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^E_[A-Z_]+$/)
    expect([1, 2, 3, 4]).toContain(exit)
    expect(meaning).toMatch(/^[A-Z`].*\.$/)
    expect(new TricklabError([{ code: code as ErrorCode, what: '' }]).exitCode).toBe(exit)
  }
})

test.each([
  ['learningrate', ['learningRate', 'beta1'], 'did you mean "learningRate"?'],
  ['mixpu', ['cutmix', 'mixup'], 'did you mean "mixup"?'],
  ['zzzzzzzz', ['cutmix', 'mixup'], 'choose one of: cutmix, mixup.'],
  ['mixup', [], 'there is none to choose from.'],
])('suggest(%s, %j)', (received, candidates, expected) => {
  expect(suggest(received, candidates)).toBe(expected)
})

test('a name with one letter changed is always recognised', () => {
  const names = ['blurpool', 'permutedGroups', 'labelSmoothing', 'weightDecay']
  const typo = fc.tuple(fc.constantFrom(...names), fc.nat({ max: 7 }), fc.constantFrom('x', 'q', ''))
  fc.assert(
    fc.property(typo, ([name, place, letter]) => {
      const written = name.slice(0, place) + letter + name.slice(place + 1)
      expect(suggest(written, names)).toBe(`did you mean "${name}"?`)
    }),
    { seed: 1 },
  )
})
