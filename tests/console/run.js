// Runs the scenarios of the console, each file in a process of its own, one after the other: they share the
// server and its password.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveAndRun } from '../support/serve_and_run.mjs'

await serveAndRun({
  home: dirname(fileURLToPath(import.meta.url)),
  tap: process.argv[2],
  named: process.argv.slice(3),
  options: ['--test-concurrency=1'],
  // The jobs' connections of whoever runs this stay out of it.
  serve: (folder) => ({ BITTING_SYNC_HOME: join(folder, 'sync'), XDG_STATE_HOME: join(folder, 'state') }),
})
