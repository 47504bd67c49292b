// Behind a gate: every page that links lead to is walked through, and nothing is offered that cannot work there.
// The PSA behind it is the server of these scenarios.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { admin, company, facts, look, open } from './browser.js'

const binary = process.env.BITTING_BIN ?? resolve(dirname(fileURLToPath(import.meta.url)), '../../target/debug/bitting')
let browser, page, gate, folder, ready
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitting-gate-'))
  const file = join(folder, 'gate.json')
  gate = spawn(binary, ['gate', '--psa', facts.http, '--company', company, '--data', join(folder, 'data'), '--port', '0', '--ready-file', file], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      BITTING_PUBLIC_KEY: admin.publicKey,
      BITTING_PRIVATE_KEY: admin.privateKey,
      BITTING_CLIENT_ID: facts.connectwise.client_id,
    },
  })
  let gone = false
  gate.on('exit', () => (gone = true))
  while (!ready) {
    assert.ok(!gone, 'the gate did not start')
    try {
      ready = JSON.parse(readFileSync(file, 'utf8'))
    } catch {
      await new Promise((again) => setTimeout(again, 20))
    }
  }
  browser = await open({}, ready.http)
  page = browser.page
  await page.goto(ready.console)
  await page.getByRole('navigation', { name: 'Console' }).waitFor()
})
after(async () => {
  await browser?.close()
  gate.kill('SIGTERM')
  await new Promise((left) => (gate.exitCode === null ? gate.on('exit', left) : left()))
  rmSync(folder, { recursive: true, force: true })
  assert.deepEqual(browser?.faults, [])
})

/** The kind of an address: numbers, names and queries are one. */
const kind = (path) => path
  .replace(/\?.*$/, '')
  .replace(/\/\d+/g, '/N')
  .replace(/\/activity\/\w+/, '/activity/N')
  .replace(/\/integrations\/\w+/, '/integrations/N')
  .replace(/\/docs\/entity\/.*/, '/docs/entity/N')
  .replace(/\/audit\/members\/[^/]+/, '/audit/members/N')

test('each page that links lead to is there, and offers what can be done', async () => {
  const seen = new Map()
  const waiting = [new URL(ready.http).origin + '/console/']
  const addresses = new Set(waiting)
  while (waiting.length > 0) {
    const address = waiting.shift()
    const of = kind(new URL(address).pathname)
    const times = seen.get(of) ?? 0
    if (times >= 2) continue
    seen.set(of, times + 1)
    const found = await page.evaluate(async (address) => {
      const response = await fetch(address)
      const text = await response.text()
      // A file to keep is no page: its styles are its own.
      const file = response.headers.has('content-disposition') || !text.startsWith('<!DOCTYPE')
      if (file) return { status: response.status, file }
      const document = new DOMParser().parseFromString(text, 'text/html')
      return {
        status: response.status,
        heading: document.querySelector('h1')?.textContent,
        links: [...document.querySelectorAll('a[href]')].map((link) => new URL(link.getAttribute('href'), address).href),
        forms: [...document.querySelectorAll('form[method=post][action]')].map((form) => new URL(form.getAttribute('action'), address).href),
      }
    }, address)
    assert.equal(found.status, 200, `${address}: ${found.heading}`)
    if (found.file) continue
    assert.notEqual(found.heading, 'Not of a gate', address)
    for (const form of found.forms) assert.doesNotMatch(form, /\/(instances|data)(\/|$)/, address)
    for (const link of found.links) {
      const to = link.replace(/#.*$/, '')
      if (to.startsWith(new URL(ready.http).origin) && !addresses.has(to)) {
        addresses.add(to)
        waiting.push(to)
      }
    }
  }
  const kinds = [...seen.keys()].sort()
  assert.ok(!kinds.some((one) => one.startsWith('/docs/autotask')), 'the gate fronts ConnectWise')
  for (const expected of [`/console/${company}/roles`, `/console/${company}/members`, `/console/${company}/integrations/N/connect`, `/console/${company}/audit`, `/console/${company}/activity`, '/docs']) {
    assert.ok(kinds.includes(expected), `${expected} is not among ${kinds.join(' ')}`)
  }
  assert.ok(!kinds.some((one) => /\/(data|instances)/.test(one)), kinds.join(' '))
})

test('the wizard makes a virtual key through the gate, and its calls are in the log', async () => {
  await page.goto(`${ready.http}/console/${company}/`)
  await look(page, 'gate-overview')
  await page.goto(`${ready.http}/console/${company}/integrations/mspcfo/connect/member`)
  await page.getByLabel('Role ID').fill('Behind the gate')
  await page.getByLabel('Member ID').fill('BehindTheGate')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('Copy both keys now.').waitFor()
  await look(page, 'gate-connect')
  await page.goto(`${ready.http}/console/${company}/activity`)
  await page.getByRole('row', { name: /BehindTheGate/ }).first().waitFor()
  await look(page, 'gate-activity')
  await page.goto(`${ready.http}/console/${company}/audit`)
  await page.getByRole('link', { name: 'BehindTheGate' }).waitFor()
})
