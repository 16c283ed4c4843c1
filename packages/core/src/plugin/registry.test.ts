import { describe, expect, test } from 'vitest'
import { createRng, type Optimizer, TricklabError } from '../index.ts'
import { opt } from '../options.ts'
import { coreVersion } from './core-version.ts'
import { type AnyPlugins, type AnyRegistration, definePlugin, isPlugin, type Plugin, type Registrar } from './define.ts'
import { createRegistry } from './registry.ts'

function problemsOf(body: () => unknown): readonly { code: string; what: string; fix?: string }[] {
  try {
    body()
  } catch (error) {
    if (error instanceof TricklabError) return error.problems as never
    throw error
  }
  return []
}
const codesOf = (body: () => unknown) => problemsOf(body).map(({ code }) => code)

const schedule = (name: string) => (on: Registrar) =>
  on.schedule(name, { doc: 'A schedule.', options: {}, create: () => ({ at: () => ({ learningRate: 1 }) }) })

function plugin(
  name: string,
  register: (on: Registrar) => AnyRegistration = schedule(name),
  more: object = {},
): Plugin {
  return definePlugin({ name, core: '*', register, ...more })
}

describe('checks before anything is registered', () => {
  test('only what definePlugin made is a plugin', () => {
    expect(isPlugin(plugin('a'))).toBe(true)
    for (const value of [null, undefined, {}, () => {}, 'mixup', { name: 'a', core: '*', register() {} }]) {
      expect(isPlugin(value)).toBe(false)
      expect(codesOf(() => createRegistry([value as never]))).toEqual(['E_PLUGIN_BRAND'])
    }
    expect(problemsOf(() => createRegistry([{ default: plugin('a') } as never]))[0]).toMatchObject({
      received: 'an object with keys default.',
    })
  })

  test('the brand is shared by copies of core', () => {
    const foreign = { name: 'b', core: '*', register: schedule('b'), [Symbol.for('@tricklab/core:plugin')]: true }
    expect(createRegistry([foreign as never]).plugins).toEqual([{ name: 'b', version: coreVersion }])
  })

  test('a plugin for another core is refused', () => {
    const old = plugin('old', schedule('old'), { core: '^99.0.0' })
    expect(problemsOf(() => createRegistry([old]))).toEqual([
      expect.objectContaining({
        code: 'E_PLUGIN_CORE_RANGE',
        expected: 'core ^99.0.0.',
        received: `core ${coreVersion}.`,
      }),
    ])
    expect(createRegistry([plugin('ok', schedule('ok'), { core: `^${coreVersion}` })]).plugins).toHaveLength(1)
  })

  test('a plugin that another requires must be there, in any order', () => {
    const needy = plugin('needy', schedule('needy'), { requires: ['base'] })
    expect(problemsOf(() => createRegistry([needy]))[0]).toMatchObject({
      code: 'E_PLUGIN_REQUIRES',
      fix: 'import "base" and add it to `plugins`.',
    })
    expect(createRegistry([needy, plugin('base')]).plugins).toHaveLength(2)
  })

  test('two plugins of one name clash, and so do two components, naming both plugins', () => {
    expect(codesOf(() => createRegistry([plugin('a'), plugin('a', schedule('b'))]))).toEqual(['E_PLUGIN_CLASH'])
    const clash = problemsOf(() => createRegistry([plugin('a', schedule('x')), plugin('b', schedule('x'))]))
    expect(clash).toEqual([expect.objectContaining({ code: 'E_PLUGIN_CLASH', received: 'a, b.' })])
  })

  test('all problems are reported at once', () => {
    const bad = plugin('bad', schedule('bad'), { core: '^99.0.0', requires: ['missing'] })
    expect(codesOf(() => createRegistry([{} as never, bad, plugin('bad')]))).toEqual([
      'E_PLUGIN_BRAND',
      'E_PLUGIN_CORE_RANGE',
      'E_PLUGIN_CLASH',
      'E_PLUGIN_REQUIRES',
    ])
  })
})

describe('registering', () => {
  test('a throwing register names the plugin and keeps the cause', () => {
    const throwing = plugin('bad', () => {
      throw new Error('no file')
    })
    const [problem] = problemsOf(() => createRegistry([throwing]))
    expect(problem).toMatchObject({ code: 'E_PLUGIN_REGISTER', cause: new Error('no file') })
    expect(problem!.what).toContain('Plugin "bad" threw while registering: no file')
  })

  test('register must return what it registers, at once', () => {
    const found = (register: unknown) => problemsOf(() => createRegistry([plugin('odd', register as never)]))[0]
    expect(found((on: Registrar) => void schedule('quiet')(on))).toMatchObject({
      code: 'E_PLUGIN_REGISTER',
      what: 'Plugin "odd" returns undefined from register, not what on.callback(…) and the others return.',
    })
    expect(found(() => [{ kind: 'spell', name: 'x' }])!.what).toContain('returns an object with keys kind, name from')
    // A rejection that nobody handles would fail this test run.
    expect(found(async () => Promise.reject(new Error('later')))!.code).toBe('E_PLUGIN_REGISTER')
    expect(createRegistry([plugin('empty', (() => []) as never)]).list('schedule')).toEqual([])
  })

  test('a callback for a stage that does not exist is refused', () => {
    const lost = plugin('lost', (on) =>
      on.callback('lost', { doc: '', options: {}, stage: 'whenever' as never, create: () => ({}) }),
    )
    expect(problemsOf(() => createRegistry([lost]))[0]!.what).toContain('stage "whenever"')
  })

  test('declaring has no effect; register runs once a registry', () => {
    let calls = 0
    const counted = plugin('counted', (on) => {
      calls += 1
      return schedule('counted')(on)
    })
    expect(calls).toBe(0)
    const registry = createRegistry([counted])
    registry.list('schedule')
    registry.component('schedule', 'counted')
    expect(calls).toBe(1)
  })
})

test('two registries do not see each other', () => {
  const [a, b] = [createRegistry([plugin('a')]), createRegistry([plugin('b')])]
  expect(a.list('schedule').map(({ name }) => name)).toEqual(['a'])
  expect(b.list('schedule').map(({ name }) => name)).toEqual(['b'])
  expect(codesOf(() => a.component('schedule', 'b'))).toEqual(['E_COMPONENT_UNKNOWN'])
  expect(createRegistry([plugin('a')]).list('schedule')).toHaveLength(1)
})

test('an unknown component is answered with the nearest name, of its own kind alone', () => {
  const registry = createRegistry([plugin('one-cycle')])
  expect(problemsOf(() => registry.component('schedule', 'onecycle', 't/row'))[0]).toMatchObject({
    what: 't/row names the schedule "onecycle", which no plugin of the recipe registers.',
    expected: 'one of one-cycle.',
    fix: 'did you mean "one-cycle"? Or import its plugin and add it to `plugins`.',
  })
  expect(problemsOf(() => registry.component('metric', 'one-cycle'))[0]).toMatchObject({
    expected: 'a plugin that registers a metric.',
  })
  expect(codesOf(() => registry.component('schedule', 'toString'))).toEqual(['E_COMPONENT_UNKNOWN'])
})

test('normalize gives the long form, and collects problems instead of throwing', () => {
  const withOption = plugin('p', (on) =>
    on.loss('p', {
      doc: '',
      options: { factor: opt.number({ min: 0, default: 1, doc: 'Factor.' }) },
      create: () => ({ apply: () => null as never }),
    }),
  )
  const registry = createRegistry([withOption])
  expect(registry.normalize('loss', 'p', 'here')).toEqual({ use: { use: 'p', factor: 1 }, problems: [] })
  const { problems } = registry.normalize('loss', { use: 'p', factor: -1, other: 2 } as { use: string }, 'here')
  expect(problems.map(({ code }) => code)).toEqual(['E_OPTION_UNKNOWN', 'E_OPTION_RANGE'])
  expect(problems[0]!.what).toBe('here (loss "p") has no option "other".')
  expect(registry.normalize('loss', 'q', 'here').problems[0]!.code).toBe('E_COMPONENT_UNKNOWN')
})

test('the default of an option added later is received, but leaves the normalised recipe as it was', () => {
  const received: unknown[] = []
  const grown = plugin('p', (on) =>
    on.loss('p', {
      doc: '',
      options: {
        factor: opt.number({ default: 1, doc: 'Factor.' }),
        base: opt.number({ default: 2, addedLater: true, doc: 'Base.' }),
      },
      create(options) {
        received.push(options)
        return { apply: () => null as never }
      },
    }),
  )
  const registry = createRegistry([grown])
  const normalize = (options: object) => registry.normalize('loss', { use: 'p', ...options }, 'here').use
  expect(normalize({})).toEqual({ use: 'p', factor: 1 })
  expect(normalize({ base: 2 })).toEqual({ use: 'p', factor: 1 })
  expect(normalize({ base: 3 })).toEqual({ use: 'p', factor: 1, base: 3 })
  for (const options of [{}, { base: 3 }]) registry.create('loss', normalize(options), {} as never)
  expect(received).toEqual([
    { factor: 1, base: 2 },
    { factor: 1, base: 3 },
  ])
})

test('create receives options without `use`, its context, and the services of the run in its own scope', () => {
  const lines: string[] = []
  const received: unknown[] = []
  const curious = plugin('curious', (on) =>
    on.schedule('curious', {
      doc: '',
      options: { peak: opt.number({ default: 2, doc: 'Peak.' }) },
      create(options, context) {
        received.push(options, context.learningRate, context.rng.at('x').uniform())
        context.log('built')
        return { at: () => ({ learningRate: options.peak }) }
      },
    }),
  )
  const registry = createRegistry([curious], { rng: createRng(4), log: (line) => lines.push(line) })
  const context = { learningRate: 0.1, totalSteps: 1, stepsPerEpoch: 1 }
  const built = registry.create('schedule', { use: 'curious', peak: 3 }, context)
  expect(built.at(0)).toEqual({ learningRate: 3 })
  const expected = createRng(4).scope('schedule', 'curious').at('x').uniform()
  expect(received).toEqual([{ peak: 3 }, 0.1, expected])
  expect(lines).toEqual(['built'])
})

describe('presets', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => plugin(name))
  const names = (plugins: AnyPlugins) => createRegistry(plugins).plugins.map(({ name }) => name)

  test('lists inside the list of plugins become part of it, in their order', () => {
    expect(names([a!, [b!, [c!]]])).toEqual(['a', 'b', 'c'])
    expect(names([[], [[c!], b!], a!])).toEqual(['c', 'b', 'a'])
  })

  test('a plugin that two presets bring is there once; another of its name still clashes', () => {
    const [first, second] = [
      [a!, b!],
      [b!, c!],
    ]
    expect(names([first, second])).toEqual(['a', 'b', 'c'])
    expect(codesOf(() => createRegistry([first, [plugin('b', schedule('x'))]]))).toEqual(['E_PLUGIN_CLASH'])
  })

  test('a list that lies inside itself is told with its place; one that stands twice is none', () => {
    const endless: unknown[] = [a!]
    endless.push([b!, endless])
    const told = { code: 'E_RECIPE', what: 'plugins[1][1][1] is a list that lies inside itself.' }
    expect(problemsOf(() => createRegistry([c!, endless] as AnyPlugins))).toMatchObject([told])
    const twice = [b!]
    expect(names([twice, [twice], a!])).toEqual(['b', 'a'])
  })

  test('what is no plugin is told with its place', () => {
    expect(problemsOf(() => createRegistry([a!, [b!, ['mixup' as never]], null as never]))).toMatchObject([
      { code: 'E_PLUGIN_BRAND', what: 'plugins[1][1][0] is not a Tricklab plugin.', received: 'string mixup.' },
      { code: 'E_PLUGIN_BRAND', what: 'plugins[2] is not a Tricklab plugin.' },
    ])
  })
})

describe('an optimizer that wraps another', () => {
  const seen: (number | undefined)[][] = []
  const inner: Optimizer = {
    step: (params, _gradients, { learningRate }) => void seen.push([learningRate, params[0]!.learningRate]),
    state: () => ({}),
    restore() {},
    dispose() {},
  }
  const wrapping = (more: object) =>
    createRegistry([
      plugin('wrapping', ((on: Registrar) => [
        on.optimizer('inner', { doc: '', options: {}, create: () => inner }),
        on.optimizer('outer', {
          doc: '',
          options: { inner: opt.optimizer({ default: 'inner', doc: '' }) },
          create: (options, { create }) => ({ ...create('optimizer', options.inner, {}), together: false, ...more }),
        }),
      ]) as never),
    ]).create('optimizer', { use: 'outer', inner: { use: 'inner' } }, {})

  test('steps all parameters together; the one inside need not know of rates', () => {
    const params = [
      { path: 'a', role: 'weight', value: null as never },
      { path: 'b', role: 'weight', value: null as never, learningRate: 0.5 },
    ] as const
    void wrapping({ together: true }).step(params, [], { learningRate: 4 }, 1)
    expect(seen).toEqual([
      [4, undefined],
      [2, undefined],
    ])
  })

  test('is refused where it does not say so, before anything is trained', () => {
    expect(problemsOf(() => wrapping({}))).toEqual([
      expect.objectContaining({
        code: 'E_COMPONENT',
        what: 'The optimizer "outer" of plugin "wrapping" wraps another optimizer, but does not say that it steps all parameters together.',
        expected: '`together: true` beside its `step`.',
      }),
    ])
    expect(wrapping({ passes: 2, together: undefined }).passes).toBe(2)
  })
})
