import type { Plugin } from '@tricklab/core/plugin'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ComponentSpec, ContractProblem, Selection } from '../src/index.ts'

/** A component that breaks one promise, the check that must find it, and what it must say. */
export interface Broken {
  readonly breakage: string
  readonly plugin: Plugin
  readonly check: string
  readonly message: RegExp
}

/** Tests that the sound component passes every check, and that each broken one is found by the check for it. */
export function describeBroken(
  spec: ComponentSpec,
  run: (spec: ComponentSpec, selection?: Selection) => Promise<ContractProblem[]>,
  cases: readonly Broken[],
): void {
  describe(spec.name, () => {
    beforeAll(async () => {
      await prepareEngine('cpu')
    })

    test('a sound component passes', async () => {
      expect(await run(spec)).toEqual([])
    })

    test.each(cases)('$breakage', async ({ plugin, check, message }) => {
      const problems = await run({ ...spec, plugin }, { only: [check] })
      expect(problems).toEqual([{ check, message: expect.stringMatching(message) }])
    })
  })
}
