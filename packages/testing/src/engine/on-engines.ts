import { type EngineName, prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { beforeAll, describe } from 'vitest'

/** Where nothing else is asked for: every engine that computes on this processor. */
export const usualEngines: readonly EngineName[] = localEngines

/**
 * Declares tests of one's own once an engine, with the engine prepared before they run.
 * @param engines default: `cpu`, `wasm`, and `native` where it is built
 */
export function describeOnEngines(
  title: string,
  body: (engine: EngineName) => void,
  engines: readonly EngineName[] = usualEngines,
): void {
  describe.each(engines)(`${title} on %s`, (engine) => {
    beforeAll(async () => {
      await prepareEngine(engine)
    })
    body(engine)
  })
}
