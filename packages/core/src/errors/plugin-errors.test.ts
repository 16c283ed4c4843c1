import { expect, test } from 'vitest'
import { createRegistry } from '../index.ts'
import { definePlugin } from '../plugin/define.ts'
import { defineErrors, TricklabError } from './index.ts'

const errors = defineErrors({
  E_DOG_SHOW: { exit: 2, meaning: 'There is no such dog.' },
  E_DOG_SHOW_RAIN: { exit: 3, meaning: 'It rains; the show goes on later.' },
})

const plugin = (name: string, own: typeof errors | object = errors) =>
  definePlugin({
    name,
    core: '*',
    errors: own as typeof errors,
    register: (on) =>
      on.loss('show', {
        doc: '',
        options: {},
        create: () => errors.fail('E_DOG_SHOW_RAIN', { what: 'It rains.', fix: 'wait.' }),
      }),
  })

test('a code of a plugin has the form of all others, and its own exit code', () => {
  const registry = createRegistry([plugin('dog-show')])
  try {
    registry.create('loss', { use: 'show' }, {})
    expect.fail('nothing was thrown')
  } catch (error) {
    expect(error).toBeInstanceOf(TricklabError)
    expect(error).toMatchObject({
      code: 'E_DOG_SHOW_RAIN',
      exitCode: 3,
      message: '[E_DOG_SHOW_RAIN] It rains. Fix: wait.',
    })
    // As it comes out of a job's process.
    const problems = JSON.parse(JSON.stringify((error as TricklabError).problems))
    expect(new TricklabError(problems).exitCode).toBe(3)
  }
})

test.each([
  ['cat-show', errors, 'brings the error code "E_DOG_SHOW", which does not begin with E_CAT_SHOW'],
  ['dog', defineErrors({ E_DOGGED: { exit: 2, meaning: 'x' } }), '"E_DOGGED", which does not begin with E_DOG'],
  ['option', { codes: { E_OPTION_TYPE: { exit: 2, meaning: 'x' } } }, '"E_OPTION_TYPE", which is Tricklab\'s own'],
  ['dog', { codes: { E_DOG: { exit: 1, meaning: 'x' } } }, 'the exit code 1, which is none of 2, 3, 4'],
  ['dog', { codes: { E_DOG: { exit: 2, meaning: ' ' } } }, 'does not say what its error code "E_DOG" means'],
])('%s: wrong codes are refused before anything is built', (name, own, message) => {
  expect(() => createRegistry([plugin(name, own)])).toThrow(`[E_PLUGIN_REGISTER] Plugin "${name}"`)
  expect(() => createRegistry([plugin(name, own)])).toThrow(message)
})
