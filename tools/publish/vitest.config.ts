import { defineConfig } from 'vitest/config'

// Apart from the other tests: it takes minutes, starts servers and installs from a registry.
export default defineConfig({
  test: { include: ['tools/publish/trial.ts'], testTimeout: 600_000, hookTimeout: 600_000, bail: 1 },
})
