import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{packages,plugins}/*/{src,test}/**/*.test.ts',
      '{recipes,repro,docs}/{src,test}/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    setupFiles: ['tools/test/fast-check.ts'],
    pool: 'forks',
    // By default one core is left to vitest itself, which on two cores is every other second of the run.
    maxWorkers: availableParallelism(),
    // End-to-end tests start many processes; on a busy machine a minute is not enough for the longest of them.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
