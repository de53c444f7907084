import { defineConfig } from 'vitest/config'

// Tests that need root, a booted kit or a browser. One file at a time: two cores, and guests want both.
export default defineConfig({
  test: {
    include: ['test/*.test.ts'],
    exclude: ['test/{architecture,claim-guesses}.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    reporters: ['verbose'],
  },
})
