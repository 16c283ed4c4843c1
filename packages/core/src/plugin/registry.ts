// The only module that knows tsyringe. `reflect-metadata` must come first: tsyringe throws without it.
import 'reflect-metadata'
import { container as rootContainer } from 'tsyringe'
import type { DatasetFacts, Optimizer } from '../contracts.ts'
import { fail, type Problem, suggest, TricklabError } from '../errors/index.ts'
import type { Json } from '../json.ts'
import {
  type ComponentUse,
  completeOptions,
  type OptionSchema,
  type OptionValues,
  readOptions,
  recordedOptions,
} from '../options.ts'
import { byRate } from '../params/by-rate.ts'
import { createRng } from '../rng/index.ts'
import { checkPlugins, registrationsOf } from './check-plugins.ts'
import { coreVersion } from './core-version.ts'
import {
  type AnyPlugins,
  type Building,
  type Component,
  type Kind,
  type Kinds,
  listPlugins,
  type Services,
} from './define.ts'
import { blame, describeOrigin, type Origin, rememberOrigin } from './origin.ts'

/** How a normalised recipe names a component: always the long form, every option filled in but those added later. */
export interface NormalUse {
  readonly use: string
  readonly [option: string]: Json
}

/** The components of one run: what its recipe's plugins registered, and nothing else. */
export interface Registry {
  readonly plugins: readonly { readonly name: string; readonly version: string }[]
  /** Names of a kind, with the plugin each comes from. */
  list(kind: Kind): { readonly name: string; readonly plugin: string; readonly component: Component<Kind> }[]
  /** The declaration behind a name. @errors E_COMPONENT_UNKNOWN */
  component<K extends Kind>(kind: K, name: string, where?: string): Component<K>
  /** Fills in defaults; collects every problem instead of throwing. */
  normalize(kind: Kind, use: string | { readonly use: string }, where: string): { use: NormalUse; problems: Problem[] }
  /** What a dataset is certain to be before it is opened; undefined where its plugin says nothing. */
  facts(use: NormalUse): DatasetFacts | undefined
  /** Builds a component from its normalised form; `create` receives the run's services beside `context`. */
  create<K extends Kind>(kind: K, use: NormalUse, context: Kinds[K]['context']): Kinds[K]['instance']
}

/** What the container resolves for a component: its declaration, and a factory that injects the run's services. */
interface Bound<K extends Kind> {
  readonly component: Component<K>
  create(options: OptionValues<OptionSchema>, context: Kinds[K]['context']): Kinds[K]['instance']
}

const componentToken = (kind: Kind, name: string) => Symbol.for(`@tricklab/core:${kind}/${name}`)
const serviceToken = (name: 'rng' | 'log') => Symbol.for(`@tricklab/core:service/${name}`)

/** Checks and registers the plugins of a recipe, and the services of its run, in a container of their own. */
export function createRegistry(given: AnyPlugins, services: Partial<Pick<Services, 'rng' | 'log'>> = {}): Registry {
  // tsyringe lets a second registration win silently and hides a parent's list in a child: so every run has a fresh
  // child, and all four checks happen before anything is registered.
  const container = rootContainer.createChildContainer()
  const owners = new Map<symbol, { kind: Kind; name: string; plugin: string }>()
  checkPlugins(given)
  const plugins = listPlugins(given)
  container.register(serviceToken('rng'), { useValue: services.rng ?? createRng(0) })
  container.register(serviceToken('log'), { useValue: services.log ?? (() => {}) })

  for (const plugin of plugins) {
    for (const { kind, name, component } of registrationsOf(plugin)) {
      const token = componentToken(kind, name)
      const owner = owners.get(token)
      if (owner !== undefined) {
        fail('E_PLUGIN_CLASH', {
          what: `Plugins "${owner.plugin}" and "${plugin.name}" both register the ${kind} "${name}".`,
          expected: `one owner for ${kind} "${name}".`,
          received: `${owner.plugin}, ${plugin.name}.`,
          fix: 'leave one of the two out of `plugins`, or rename the component in your own plugin.',
        })
      }
      owners.set(token, { kind, name, plugin: plugin.name })
      container.register(token, {
        useFactory: (run): Bound<Kind> => ({
          component,
          create(options, context) {
            const origin = { plugin: plugin.name, kind, name }
            let wraps = false
            const inner: Building['create'] = (innerKind, use, innerContext) => {
              wraps = true
              return createInner(innerKind, use, innerContext)
            }
            const instance = build(origin, () =>
              component.create(options, {
                // What a dataset holds belongs to no seed: every seed of a run reads the same.
                rng: (kind === 'dataset' ? createRng(0) : run.resolve<Services['rng']>(serviceToken('rng'))).scope(
                  kind,
                  name,
                ),
                log: run.resolve<Services['log']>(serviceToken('log')),
                create: inner,
                ...context,
              }),
            )
            if (wraps && kind === 'optimizer') checkWrapper(instance as Optimizer, origin)
            return instance
          },
        }),
      })
    }
  }

  const createInner: Building['create'] = (kind, use, context) => {
    const instance = registry.create(kind, typeof use === 'string' ? { use } : use, context)
    return kind === 'optimizer' ? (byRate(instance as Optimizer) as typeof instance) : instance
  }

  const registry: Registry = {
    plugins: plugins.map(({ name, version }) => ({ name, version: version ?? coreVersion })),
    list: (kind) =>
      [...owners.values()]
        .filter((entry) => entry.kind === kind)
        .map(({ name, plugin }) => ({ name, plugin, component: registry.component(kind, name) })),
    component(kind, name, where = 'the recipe') {
      const token = componentToken(kind, name)
      if (!container.isRegistered(token)) {
        const names = [...owners.values()].filter((entry) => entry.kind === kind).map((entry) => entry.name)
        fail('E_COMPONENT_UNKNOWN', {
          what: `${where} names the ${kind} "${name}", which no plugin of the recipe registers.`,
          expected: names.length === 0 ? `a plugin that registers a ${kind}.` : `one of ${names.join(', ')}.`,
          received: `"${name}".`,
          fix: `${suggest(name, names)} Or import its plugin and add it to \`plugins\`.`,
        })
      }
      return container.resolve<Bound<typeof kind>>(token).component
    },
    normalize(kind, use, where) {
      const { use: name, ...input } = typeof use === 'string' ? { use } : use
      const place = `${where} (${kind} "${name}")`
      try {
        const { options } = registry.component(kind, name, where)
        const { values, problems } = readOptions(options, input, place)
        const inner = Object.entries(options).flatMap(([option, { kind: innerKind }]) => {
          const value = (values as { readonly [option: string]: ComponentUse })[option]
          if (innerKind === undefined || value === undefined) return []
          const normal = registry.normalize(innerKind as Kind, value, `${place}, option "${option}"`)
          problems.push(...normal.problems)
          return [[option, normal.use] as const]
        })
        const whole = { ...values, ...Object.fromEntries(inner) }
        return { use: { ...recordedOptions(options, whole), use: name }, problems }
      } catch (error) {
        if (!(error instanceof TricklabError)) throw error
        return { use: { use: name }, problems: [...error.problems] }
      }
    },
    facts({ use, ...options }) {
      const dataset = registry.component('dataset', use)
      return dataset.facts?.(completeOptions(dataset.options, options))
    },
    create(kind, { use, ...options }, context) {
      const bound = container.resolve<Bound<typeof kind>>(componentToken(kind, use))
      return bound.create(completeOptions(bound.component.options, options), context)
    },
  }
  return registry
}

/** A wrapper that saw the parameters of one rate alone would give the one inside it no others. @errors E_COMPONENT */
function checkWrapper({ passes = 1, together = passes > 1 }: Optimizer, origin: Origin): void {
  if (together) return
  fail('E_COMPONENT', {
    what: `The ${describeOrigin(origin)} wraps another optimizer, but does not say that it steps all parameters together.`,
    expected: '`together: true` beside its `step`.',
    received: 'nothing.',
    fix: `report it to the author of "${origin.plugin}", or choose another optimizer.`,
  })
}

/** Builds an instance, and remembers whose it is. @errors E_COMPONENT */
function build<T>(origin: Origin, create: () => T): T {
  const instance = blame(origin, 'create', create)
  rememberOrigin(instance, origin)
  return instance
}
