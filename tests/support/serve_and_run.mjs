// Starts a server of its own, runs the scenarios of a folder against it, and ends with their status. Knows no
// scenario. What differs from folder to folder is handed in.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
// Only a hang is ended by these; nothing is judged by how long it took.
const START = 120_000
const SCENARIOS = 15 * 60_000

/**
 * Runs the files `*.test.js` of a folder, those whose name holds one of `named` when any is given, and ends the
 * process. `tap` is a file for the results, for whoever counts them; `options` go to Node's test runner;
 * `serve(folder)` and `scenarios(facts)` are what the environments of the server and of the scenarios have beside
 * this one's.
 */
export async function serveAndRun({ home, tap, named = [], options = [], serve = () => ({}), scenarios = () => ({}) }) {
  const binary = process.env.BITTING_BIN ?? resolve(root, 'target/debug/bitting')
  const folder = mkdtempSync(join(tmpdir(), 'bitting-scenarios-'))
  const readyFile = join(folder, 'ready.json')
  const server = spawn(binary, ['serve', '--demo', '--port', '0', '--ready-file', readyFile], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...serve(folder) },
  })
  let gone = false
  const left = new Promise((done) => {
    server.on('exit', done)
    server.on('error', (error) => {
      console.error(`cannot start ${binary}: ${error.message}`)
      done(1)
    })
  }).then(() => (gone = true))

  let running
  const end = () => {
    running?.kill('SIGKILL')
    server.kill('SIGTERM')
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  setTimeout(() => {
    console.error('the scenarios did not end')
    end()
  }, SCENARIOS).unref()

  let code = 1
  try {
    const facts = await ready(readyFile, () => gone)
    const files = readdirSync(home)
      .filter((name) => name.endsWith('.test.js') && (named.length === 0 || named.some((one) => name.includes(one))))
      .sort()
      .map((name) => join(home, name))
    // For people on the terminal; as TAP for ./test, which counts it.
    const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout']
    if (tap && tap !== '-') reporters.push('--test-reporter=tap', `--test-reporter-destination=${tap}`)
    running = spawn(process.execPath, ['--test', ...options, ...reporters, ...files], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        BITTING_READY_FILE: readyFile,
        NO_PROXY: 'localhost,127.0.0.1,::1',
        no_proxy: 'localhost,127.0.0.1,::1',
        ...scenarios(facts),
      },
    })
    code = await new Promise((done) => running.on('exit', (status) => done(status ?? 1)))
  } catch (error) {
    console.error(error.message)
  } finally {
    server.kill('SIGTERM')
    await left
    rmSync(folder, { recursive: true, force: true })
  }
  process.exit(code)
}

async function ready(file, gone) {
  for (const end = Date.now() + START; Date.now() < end && !gone(); ) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))
    } catch {
      await new Promise((again) => setTimeout(again, 20))
    }
  }
  throw new Error('bitting serve wrote no ready file')
}
