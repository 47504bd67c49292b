// A real browser with a fresh profile, the few gestures that scenarios share, and what is checked of every
// page on the way: accessibility, weight, and that nothing is asked of another host. Knows no scenario.

import { createRequire } from 'node:module'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const pictures = resolve(dirname(fileURLToPath(import.meta.url)), '../../artifacts/console')
mkdirSync(pictures, { recursive: true })

export const facts = JSON.parse(readFileSync(process.env.BITTING_READY_FILE, 'utf8'))
export const company = facts.connectwise.company
export const PASSWORD = 'a password for tests only'

/** Most bytes of one page, without its files. */
const HEAVIEST = 150_000

const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/** Starts the browser with a folder of its own, which goes with it. Pages may ask `home` and nobody else. */
export async function open(options = {}, home = facts.http) {
  const profile = mkdtempSync(join(tmpdir(), 'bitting-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.BITTING_CHROMIUM ?? '/usr/bin/chromium',
    args: ARGUMENTS,
    viewport: { width: 1280, height: 860 },
    ...options,
  })
  const browser = { context, page: context.pages()[0], faults: [] }
  watch(browser.page, browser.faults, home)
  context.on('page', (page) => watch(page, browser.faults, home))
  context.setDefaultTimeout(20_000)
  browser.close = async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
  return browser
}

function watch(page, faults, home) {
  const own = new URL(home).origin
  page.on('pageerror', (error) => faults.push(`script failed: ${error.message}`))
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) faults.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(own) && !request.url().startsWith('data:')) {
      faults.push(`asked another host: ${request.url()}`)
    }
  })
  page.on('dialog', (dialog) => {
    faults.push(`a script of the data ran: ${dialog.message()}`)
    dialog.dismiss()
  })
}

export const at = (path = '') => `${facts.http}/console/${company}/${path}`

/** Signs in, and sets the password on the very first visit. */
export async function signIn(page) {
  await page.goto(`${facts.http}/console/`)
  const again = page.getByLabel('The same again')
  if (await again.count()) {
    await page.getByLabel('Password', { exact: false }).first().fill(PASSWORD)
    await again.fill(PASSWORD)
    await page.getByRole('button', { name: 'Set the password' }).click()
  } else if (await page.getByRole('button', { name: 'Sign in' }).count()) {
    await page.getByLabel("Administrator's password").fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.getByText('Connect an integration by hand').waitFor()
}

/** Looks at the page as it stands: a picture of it, what axe says of it, and what it weighed when it came. */
export async function look(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: false })
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] })
    return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 200)}`) }))
  })
  const bad = found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  assert.deepEqual(bad, [], `${name}: accessibility`)
  const size = await page.evaluate(() => performance.getEntriesByType('navigation')[0].decodedBodySize)
  assert.ok(size < HEAVIEST, `${name} weighs ${size} bytes`)
}

/** A request outside the browser, read to its end: one left half-read keeps the process waiting. */
export async function ask(address, init = {}) {
  const response = await fetch(address, { redirect: 'manual', ...init })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

/** A call on the API with a key that the console showed. */
export async function call(pair, path, init = {}) {
  const user = `${company}+${pair.publicKey}:${pair.privateKey}`
  const { status, text } = await ask(`${facts.http}/v4_6_release/apis/3.0${path}`, {
    ...init,
    headers: {
      authorization: `Basic ${Buffer.from(user).toString('base64')}`,
      clientid: facts.connectwise.client_id,
      'content-type': 'application/json',
      ...init.headers,
    },
  })
  return { status, body: text ? JSON.parse(text) : null }
}

export const admin = {
  publicKey: facts.connectwise.admin.public_key,
  privateKey: facts.connectwise.admin.private_key,
}

/** Sets one cell of the matrix. Its module is opened if it is shut. */
export async function level(page, module, action, verb, value) {
  const group = page.locator('details.module').filter({ has: page.locator(`select[aria-label="${module} / ${action}: ${verb}"]`) })
  if (!(await group.getAttribute('open').catch(() => null)) && (await group.getAttribute('open')) === null) {
    await group.locator('summary').click()
  }
  await page.getByLabel(`${module} / ${action}: ${verb}`, { exact: true }).selectOption(value)
}

/** System > Security Roles > New Item: makes a role and stays on its page. */
export async function newRole(page, name) {
  await page.getByRole('link', { name: 'Security Roles' }).first().click()
  await page.getByRole('link', { name: 'New Item' }).click()
  await page.getByLabel('Role ID').fill(name)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

/** System > Members > API Members > New Item, then a key on its API Keys tab: answers both halves. */
export async function newMember(page, identifier, name, role, fields = {}) {
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Members', exact: true }).click()
  await page.getByRole('link', { name: 'API Members' }).click()
  await page.getByRole('link', { name: 'New Item' }).click()
  await page.getByLabel('Member ID').fill(identifier)
  await page.getByLabel('Member Name').fill(name)
  await page.getByLabel('Role ID').selectOption({ label: role })
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).selectOption({ label: value })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved.').waitFor()
  await page.getByRole('link', { name: 'API Keys' }).click()
  await page.getByRole('link', { name: 'New Item' }).click()
  await page.getByLabel('Description').fill(`${name} integration`)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Copy both keys now.').waitFor()
  return {
    publicKey: await page.getByLabel('Public Key', { exact: true }).inputValue(),
    privateKey: await page.getByLabel('Private Key', { exact: true }).inputValue(),
  }
}

/** Only these tables of Table Setup. */
export async function allowTables(page, tables) {
  const group = page.locator('details.module').filter({ has: page.locator('select[aria-label="System / Table Setup: Inquire"]') })
  if ((await group.getAttribute('open')) === null) await group.locator('summary').click()
  await page.locator('tr').filter({ hasText: 'Table Setup' }).getByRole('button', { name: 'customize' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await dialog.getByRole('button', { name: 'Disallow all' }).click()
  await dialog.getByLabel('Disallow', { exact: true }).selectOption(tables)
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
  return dialog
}

/** Pages of the Autotask database beside the company. */
export const autotask = (path = '') => `${facts.http}/console/autotask.bitting/${path}`

/** A call on the Autotask API with credentials that the console showed. */
export async function callAutotask(shown, path, init = {}) {
  const { status, text } = await ask(`${facts.autotask.base_url}V1.0/${path}`, {
    ...init,
    headers: { UserName: shown.key, Secret: shown.secret, ApiIntegrationCode: shown.code, 'content-type': 'application/json', ...init.headers },
  })
  return { status, body: text ? JSON.parse(text) : null }
}
