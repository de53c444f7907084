import { defineConfig } from 'vitest/config'

// Unit tests stand beside the code; tests that need a booted kit, a browser or an engine stand in test/ and are run by `hearth test`.
export default defineConfig({
  test: {
    include: [
      '{agent,dashboard,images,provision,bin}/**/*.test.ts',
      'test/{architecture,claim-guesses}.test.ts',
      'test/bench/*.test.ts',
    ],
    testTimeout: 20_000,
  },
})
