import semver from 'semver'
import { stages } from '../contracts.ts'
import { fail, failAll, type Problem } from '../errors/index.ts'
import { checkErrorCodes } from '../errors/plugin-errors.ts'
import { entriesOf } from '../nested.ts'
import { coreVersion } from './core-version.ts'
import {
  type AnyPlugins,
  type AnyRegistration,
  type Component,
  isPlugin,
  kinds,
  type Plugin,
  type Registrar,
} from './define.ts'

/** Brand, core range, requires, clash of plugin names: all problems at once. */
export function checkPlugins(plugins: AnyPlugins): void {
  const problems: Problem[] = []
  const seen = new Map<string, Plugin>()
  const entries = entriesOf<unknown>(plugins, 'plugins')
  const firsts = entries.filter(({ value }, index) => entries.findIndex((other) => other.value === value) === index)
  for (const { value: plugin, place } of firsts) {
    if (!isPlugin(plugin)) {
      problems.push({
        code: 'E_PLUGIN_BRAND',
        what: `${place} is not a Tricklab plugin.`,
        expected: 'the default export of a plugin package, made by definePlugin, or a list of them.',
        received: describe(plugin),
        fix: 'import the default export: `import mixup from "@tricklab/plugin-mixup"`.',
      })
      continue
    }
    if (semver.validRange(plugin.core) === null) {
      problems.push({
        code: 'E_PLUGIN_CORE_RANGE',
        what: `Plugin "${plugin.name}" does not say which versions of @tricklab/core it works with.`,
        expected: 'core: a range of versions, such as "^1.0.0".',
        received: describe(plugin.core),
        fix: `report it to the author of "${plugin.name}", or leave the plugin out.`,
      })
    } else if (!semver.satisfies(coreVersion, plugin.core, { includePrerelease: true })) {
      problems.push({
        code: 'E_PLUGIN_CORE_RANGE',
        what: `Plugin "${plugin.name}" does not support this version of @tricklab/core.`,
        expected: `core ${plugin.core}.`,
        received: `core ${coreVersion}.`,
        fix: `install a version of "${plugin.name}" made for core ${coreVersion}.`,
      })
    }
    const other = seen.get(plugin.name)
    if (other !== undefined) {
      const versions = [other, plugin].map(({ version }) => `"${plugin.name}" ${version ?? 'of unknown version'}`)
      problems.push({
        code: 'E_PLUGIN_CLASH',
        what: `Two plugins of the recipe are named "${plugin.name}".`,
        expected: 'every plugin once.',
        received: `${versions.join(' and ')}.`,
        fix: 'remove one of them from `plugins`.',
      })
    }
    seen.set(plugin.name, plugin)
  }
  for (const plugin of firsts.map(({ value }) => value).filter(isPlugin)) {
    for (const required of plugin.requires ?? []) {
      if (seen.has(required)) continue
      problems.push({
        code: 'E_PLUGIN_REQUIRES',
        what: `Plugin "${plugin.name}" requires the plugin "${required}", which the recipe does not import.`,
        expected: `"${required}" in \`plugins\`.`,
        received: [...seen.keys()].join(', '),
        fix: `import "${required}" and add it to \`plugins\`.`,
      })
    }
  }
  failAll(problems)
}

/** What a plugin registers: what `register` returns, one or a list. */
export function registrationsOf(plugin: Plugin): readonly AnyRegistration[] {
  const registrar = Object.fromEntries(
    kinds.map((kind) => [kind, (name: string, component: Component) => ({ kind, name, component })]),
  ) as Registrar
  const refuse = (what: string, cause?: unknown): never =>
    fail('E_PLUGIN_REGISTER', {
      what: `Plugin "${plugin.name}" ${what}.`,
      fix: `report it to the author of "${plugin.name}", or leave the plugin out.`,
      ...(cause === undefined ? {} : { cause }),
    })
  const wrongCodes = plugin.errors && checkErrorCodes(plugin.name, plugin.errors)
  if (wrongCodes !== undefined) refuse(wrongCodes)
  let answer: unknown
  try {
    answer = plugin.register(registrar)
  } catch (cause) {
    refuse(`threw while registering: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  // It may fail later; that must not end the process on top of the error thrown here.
  if (answer instanceof Promise) answer.catch(() => {})
  const registrations = (Array.isArray(answer) ? answer : [answer]) as readonly AnyRegistration[]
  for (const registration of registrations) {
    if (!kinds.includes(registration?.kind)) {
      refuse(
        `returns ${describe(registration).replace(/\.$/, '')} from register, not what on.callback(…) and the others return`,
      )
    }
    const { kind, name, component } = registration
    const complete = typeof component?.create === 'function' && typeof component.options === 'object'
    if (typeof name !== 'string' || name === '' || !complete) {
      refuse(`registers the ${kind} "${name}" without ${complete ? 'a name' : 'its options or its create'}`)
    }
    if (kind === 'callback' && component.stage !== undefined && !stages.includes(component.stage)) {
      refuse(
        `registers the callback "${name}" for the stage "${component.stage}", which is none of ${stages.join(', ')}`,
      )
    }
  }
  return registrations
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `an object with keys ${Object.keys(value).join(', ')}.`
  return value === undefined ? 'undefined.' : `${typeof value} ${String(value)}.`
}
