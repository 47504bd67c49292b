// Starts a server and then the scenarios, each file in a process of its own, one after the other: they
// share the server and its password. Knows no scenario.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const binary = process.env.BITTING_BIN ?? resolve(here, '../../target/debug/bitting')
const folder = mkdtempSync(join(tmpdir(), 'bitting-console-'))
const readyFile = join(folder, 'ready.json')

const server = spawn(binary, ['serve', '--demo', '--port', '0', '--ready-file', readyFile], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
  // The jobs' connections of whoever runs this stay out of it.
  env: { ...process.env, BITTING_SYNC_HOME: join(folder, 'sync'), XDG_STATE_HOME: join(folder, 'state') },
})
const left = new Promise((done) => {
  server.on('exit', done)
  server.on('error', (error) => {
    console.error(`cannot start ${binary}: ${error.message}`)
    done(1)
  })
})

async function ready() {
  let gone = false
  left.then(() => (gone = true))
  // Only a hang is ended by this; a start is never judged by how long it took.
  for (const end = Date.now() + 120_000; Date.now() < end && !gone; ) {
    try {
      return JSON.parse(readFileSync(readyFile, 'utf8'))
    } catch {
      await new Promise((again) => setTimeout(again, 20))
    }
  }
  throw new Error('bitting serve wrote no ready file')
}

let scenarios
function end() {
  scenarios?.kill('SIGKILL')
  server.kill('SIGTERM')
}
process.on('SIGINT', end)
process.on('SIGTERM', end)
// Only a hang is ended by this.
setTimeout(() => {
  console.error('the scenarios did not end')
  end()
}, 15 * 60_000).unref()

let code = 1
try {
  await ready()
  const named = process.argv.slice(3)
  const files = readdirSync(here)
    .filter((name) => name.endsWith('.test.js') && (named.length === 0 || named.some((one) => name.includes(one))))
    .sort()
    .map((name) => join(here, name))
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout']
  if (process.argv[2] && process.argv[2] !== '-') {
    reporters.push('--test-reporter=tap', `--test-reporter-destination=${process.argv[2]}`)
  }
  scenarios = spawn(process.execPath, ['--test', '--test-concurrency=1', ...reporters, ...files], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      BITTING_READY_FILE: readyFile,
      NO_PROXY: 'localhost,127.0.0.1,::1',
      no_proxy: 'localhost,127.0.0.1,::1',
    },
  })
  code = await new Promise((done) => scenarios.on('exit', (status) => done(status ?? 1)))
} catch (error) {
  console.error(error.message)
} finally {
  server.kill('SIGTERM')
  await left
  rmSync(folder, { recursive: true, force: true })
}
process.exit(code)
