// Starts the PSA once for all files, and stops it.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export default async function setup(project) {
  const folder = mkdtempSync(join(tmpdir(), 'psa-'))
  const ready = join(folder, 'ready.json')
  const data = join(folder, 'data')
  const server = spawn(
    process.env.BITTING_BIN ?? 'bitting',
    ['serve', '--data', data, '--tickets', '20', '--port', '0', '--ready-file', ready, '--no-autotask'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const left = new Promise((done) => server.on('exit', done))
  // The file is there once the server answers, and whole when it is there.
  while (!existsSync(ready)) {
    if (server.exitCode !== null) throw new Error(`bitting serve ended with ${server.exitCode}`)
    await wait(20)
  }
  project.provide('facts', JSON.parse(readFileSync(ready, 'utf8')))
  // The operator of the server may bring its companies back to where they were.
  project.provide('operator', JSON.parse(readFileSync(join(data, 'operator.json'), 'utf8')))
  return async () => {
    server.kill('SIGTERM')
    await left
    rmSync(folder, { recursive: true, force: true })
  }
}
