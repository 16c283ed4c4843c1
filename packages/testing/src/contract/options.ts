import { canonicalJson, type Json } from '@tricklab/core'
import type { Option } from '@tricklab/core/options'
import type { Kind, NormalUse, Registry } from '@tricklab/core/plugin'
import { type Check, violate } from './check.ts'
import { type ComponentSpec, forOptions, optionSets, registryOf, show, useOf } from './spec.ts'

/** Builds the component and reduces what it does to text, so that two builds can be compared. */
export type Fingerprint<S> = (spec: S, registry: Registry, use: NormalUse) => Promise<string>

/** What holds for the options of every kind of component. */
export function optionChecks<S extends ComponentSpec>(kind: Kind, fingerprint: Fingerprint<S>): Check<S>[] {
  return [
    {
      name: 'options survive a round trip',
      run: (spec) =>
        forOptions(spec, kind, (registry, use) => {
          const { use: name, ...options } = JSON.parse(JSON.stringify(use)) as NormalUse
          const again = useOf(registry, kind, name as string, options as { [option: string]: Json })
          if (canonicalJson(again) !== canonicalJson(use)) violate(`options ${show(use)} came back as ${show(again)}`)
        }),
    },
    {
      name: 'an explicit default is the same as an omitted one',
      async run(spec) {
        const registry = registryOf(spec)
        const schema = schemaOf(spec, kind)
        // Copied before anything is built: a component that changes its own default would change this one too.
        const defaults = structuredClone(
          Object.fromEntries(
            Object.entries(schema).flatMap(([name, option]) =>
              option.default === undefined ? [] : [[name, option.default]],
            ),
          ),
        )
        if (Object.keys(defaults).length === 0) return
        for (const options of optionSets(spec)) {
          const explicit = useOf(registry, kind, spec.name, structuredClone({ ...defaults, ...options }))
          const asWritten = show(explicit)
          const expected = await fingerprint(spec, registry, explicit)
          // Twice: the first may have changed what the second gets.
          for (const _ of [1, 2]) {
            const omitted = useOf(registry, kind, spec.name, options)
            if ((await fingerprint(spec, registry, omitted)) === expected) continue
            violate(`${asWritten} gives another result than ${show({ use: spec.name, ...options })}`)
          }
        }
      },
    },
    {
      name: 'an unknown option is an error',
      run(spec) {
        for (const name of ['noSuchOption', 'toString']) expectRefusal(spec, kind, name, 1, 'E_OPTION_UNKNOWN')
      },
    },
    {
      name: 'a value of the wrong type is an error',
      run(spec) {
        for (const [name, option] of Object.entries(schemaOf(spec, kind))) {
          for (const value of wrongTypes[option.type]) expectRefusal(spec, kind, name, value, 'E_OPTION_TYPE')
        }
      },
    },
    {
      name: 'a value out of range is an error',
      run(spec) {
        for (const [name, option] of Object.entries(schemaOf(spec, kind))) {
          for (const value of outOfRange(option)) expectRefusal(spec, kind, name, value, 'E_OPTION_RANGE')
        }
      },
    },
    {
      name: 'every option is documented',
      run(spec) {
        for (const [name, { doc }] of Object.entries(schemaOf(spec, kind))) {
          if (doc.trim() === '') violate(`option "${name}" has no doc`)
        }
      },
    },
  ]
}

function schemaOf(spec: ComponentSpec, kind: Kind): { readonly [name: string]: Option } {
  return registryOf(spec).component(kind, spec.name).options
}

const wrongTypes: Record<Option['type'], readonly Json[]> = {
  number: ['1', true, null, [1]],
  integer: ['1', 0.5, null, [1]],
  boolean: ['true', 1, 0, null],
  text: [1, null, ['a']],
  choice: [1, null, ['a']],
  list: [1, 'a', null, true],
  component: [1, null, true, ['a'], {}],
}

/** Values on the far side of each bound that the option states in words. */
function outOfRange({ type, accepts }: Option): readonly Json[] {
  if (type === 'choice') return ['no such choice']
  if (type === 'text' || type === 'boolean') return []
  const below = /\b(from|above) -?[\d.]/.test(accepts) ? [-Number.MAX_VALUE] : []
  const above = /\b(to|below) -?[\d.]/.test(accepts) ? [Number.MAX_VALUE] : []
  return [...below, ...above].map((value) => (type === 'list' ? [value] : value))
}

function expectRefusal(spec: ComponentSpec, kind: Kind, option: string, value: Json, code: string): void {
  const use = { use: spec.name, ...optionSets(spec)[0], [option]: value }
  const { problems } = registryOf(spec).normalize(kind, use, 'the contract suite')
  const codes = problems.map((problem) => problem.code as string)
  if (codes.includes(code)) return
  const received = codes.length === 0 ? 'accepted' : `refused with ${codes.join(', ')}`
  violate(`option "${option}" with ${show(value)} is ${received}; expected ${code}`)
}
