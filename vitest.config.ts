import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{packages,plugins}/*/{src,test}/**/*.test.ts',
      '{recipes,repro}/{src,test}/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    pool: 'forks',
    testTimeout: 60_000,
  },
})
