// Runs the scenarios of the Node clients. They are a process of their own because Node reads
// NODE_EXTRA_CA_CERTS only when it starts.

import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveAndRun } from '../../support/serve_and_run.mjs'

await serveAndRun({
  home: dirname(fileURLToPath(import.meta.url)),
  tap: process.argv[2],
  scenarios: (facts) => ({ NODE_EXTRA_CA_CERTS: facts.ca_file }),
})
