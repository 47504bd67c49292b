import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: './psa.setup.js',
    // One company for all files: they take turns.
    fileParallelism: false,
    testTimeout: 60_000,
  },
})
