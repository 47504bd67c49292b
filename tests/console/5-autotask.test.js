// Autotask: the seed guide by hand from the first click to credentials that do what it needs and no more, then
// the wizard, and what was refused.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { autotask, callAutotask, look, open, signIn } from './browser.js'

let browser, page, shown
before(async () => {
  browser = await open()
  page = browser.page
  await signIn(page)
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

const ALL = encodeURIComponent('{"MaxRecords":5,"filter":[{"op":"exist","field":"id"}]}')
const query = (who, entity) => callAutotask(who, `${entity}/query?search=${ALL}`)

async function section(name) {
  const group = page.locator('details.module').filter({ has: page.locator('summary span', { hasText: new RegExp(`^${name}$`) }) })
  if ((await group.getAttribute('open')) === null) await group.locator('summary').click()
  return group
}

async function set(name, setting, column, value) {
  await section(name)
  const field = page.getByLabel(`${name} / ${setting}: ${column}`, { exact: true })
  if (value === 'checked') await field.check()
  else await field.selectOption(value)
}

async function credentials() {
  await page.getByText('Copy key and secret now.').waitFor()
  return {
    key: await page.locator('#shown-key').inputValue(),
    secret: await page.locator('#shown-secret').inputValue(),
    code: await page.locator('#shown-code').inputValue(),
  }
}

test('Propel Your MSP for Autotask by hand: copy the level, set it, make the API user, and call', async () => {
  await page.goto(autotask())
  await look(page, 'at-overview')
  // Admin > Features & Settings > Resources/Users (HR) > Security Levels
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Features & Settings' }).click()
  await page.getByRole('heading', { name: 'Resources/Users (HR)' }).waitFor()
  await look(page, 'at-features')
  await page.getByRole('link', { name: 'Security Levels' }).click()
  await page.getByRole('row', { name: /API User \(system\) \(API-only\)/ }).first().click({ button: 'right' })
  await look(page, 'at-levels')
  await page.getByRole('link', { name: 'Copy Security Level' }).first().click()
  await page.getByLabel('Name').fill('API (Propel Your MSP)')
  await page.getByLabel('Start with No Permission on every section').check()
  await look(page, 'at-copy')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Change what the integration needs, then Save.').waitFor()
  await set('Contracts', 'Contracts', 'View', 'All')
  await set('Contracts', 'Contract Visibility', 'Dropdowns', 'Full')
  await set('CRM', 'Customer & Cancelation', 'Account & Contact Access', 'All')
  await set('CRM', 'Opportunities & Quotes', 'View', 'Mine')
  await set('CRM', 'Opportunities & Quotes', 'Add', 'Yes')
  await set('CRM', 'Configuration Items & Subscriptions', 'View', 'All')
  await set('CRM', 'Configuration Items & Subscriptions', 'Edit', 'All')
  await set('CRM', 'To-Dos', 'View', 'Mine')
  await set('CRM', 'To-Dos', 'Add', 'Yes')
  await set('Service Desk', 'Tickets', 'View', 'All')
  await set('Service Desk', 'Tickets', 'Add', 'Yes')
  await set('Admin', 'Resources/Users (HR)', 'Feature Access', 'checked')
  await set('Admin', 'Configuration Items', 'Feature Access', 'checked')
  await set('Other', 'Not required to change password (does not expire)', 'Miscellaneous', 'checked')
  await page.evaluate(() => scrollTo(0, 0))
  await look(page, 'at-level')
  await page.getByLabel('Show only what is granted').check()
  assert.equal(await page.locator('.matrix tbody tr:visible').count(), 10)
  await look(page, 'at-level-granted')
  await page.getByRole('button', { name: 'Save & Close' }).click()
  await page.getByText('Saved. It holds from the next call on.').waitFor()

  // Admin > Resources (Users), arrow beside New > New API User
  await page.getByRole('link', { name: 'Resources (Users)' }).click()
  await look(page, 'at-resources')
  await page.getByLabel('More kinds of New').click()
  await page.getByRole('link', { name: 'New API User' }).click()
  // The browser itself asks for what is required; the server says so too.
  await page.locator('#user').evaluate((form) => { form.noValidate = true })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('First Name is required.').waitFor()
  await page.getByText('Choose Generate Secret.').waitFor()
  await look(page, 'at-user-errors')
  await page.getByLabel('First Name').fill('Propel Your MSP')
  await page.getByLabel('Last Name').fill('API')
  await page.getByLabel('Email Address').fill('propel-by-hand@example.com')
  await page.getByLabel('Security Level').selectOption({ label: 'API (Propel Your MSP)' })
  await page.getByRole('button', { name: 'Generate Key' }).click()
  await page.waitForFunction(() => document.getElementById('key').value.includes('@'))
  await page.getByRole('button', { name: 'Generate Secret' }).click()
  await page.waitForFunction(() => document.getElementById('secret').value.length > 15)
  await page.getByLabel('Integration Vendor', { exact: true }).check()
  await page.getByLabel('Integration Vendor: name').selectOption({ label: 'Propel Your MSP' })
  await look(page, 'at-user')
  await page.getByRole('button', { name: 'Save' }).click()
  shown = await credentials()
  await look(page, 'at-secret')
  await page.reload()
  assert.doesNotMatch(await page.content(), new RegExp(shown.secret))

  for (const entity of ['Contracts', 'Companies', 'ConfigurationItems', 'Tickets', 'Resources']) {
    assert.equal((await query(shown, entity)).status, 200, entity)
  }
  for (const entity of ['Projects', 'Invoices']) assert.notEqual((await query(shown, entity)).status, 200, entity)
  assert.equal((await query({ ...shown, secret: 'wrong' }, 'Tickets')).status, 401)
})

test('Verify now proves the API user against the profile', async () => {
  await page.goto(autotask('integrations'))
  await look(page, 'at-integrations')
  await page.getByRole('link', { name: /Propel/ }).click()
  await page.getByRole('heading', { name: 'What it asks for, and why' }).waitFor()
  await look(page, 'at-integration')
  await page.getByRole('link', { name: 'Verify now' }).click()
  await page.getByLabel('API user', { exact: true }).selectOption({ label: `${shown.key} (API (Propel Your MSP))` })
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByRole('heading', { name: 'Proof' }).waitFor()
  assert.equal(await page.locator('.proved.missing').count(), 0)
  await look(page, 'at-verify')
  await page.getByRole('link', { name: 'Guide' }).click()
  await page.getByText('Copy Security Level').first().waitFor()
  await look(page, 'at-guide')
})

test('Connect for Autotask: level, user, credentials and proof on one page', async () => {
  await page.goto(autotask('integrations/propel/connect'))
  await page.getByLabel('Security Level').fill('Propel by wizard')
  await page.getByLabel('API user').fill('Propel Wizard')
  await page.locator('form.card').evaluate((form) => { form.noValidate = true })
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.getByText('Email Address is required.').waitFor()
  await page.getByLabel('Email Address').fill('propel@example.com')
  await look(page, 'at-connect')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  assert.ok(await page.locator('.diff .plus').count() > 10)
  await look(page, 'at-connect-plan')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  const made = await credentials()
  await page.getByRole('heading', { name: 'Proof' }).waitFor()
  assert.equal(await page.locator('.proved.missing, .proved.excess').count(), 0)
  await look(page, 'at-connect-key')
  assert.equal((await query(made, 'Tickets')).status, 200)
  assert.notEqual((await query(made, 'Projects')).status, 200)
})

test('a refused call shows the missing permission, and one click grants it', async () => {
  assert.notEqual((await query(shown, 'Projects')).status, 200)
  await page.goto(autotask('activity?decision=denied'))
  await page.locator('tr').filter({ hasText: 'Projects' }).filter({ hasText: shown.key }).first().getByRole('link', { name: 'Grant it' }).click()
  await page.getByRole('heading', { name: 'Grant the missing right' }).waitFor()
  await look(page, 'at-grant')
  await page.getByRole('button', { name: 'Grant it to API (Propel Your MSP)' }).click()
  await page.getByText('holds it from the next call on').waitFor()
  assert.equal((await query(shown, 'Projects')).status, 200)
  await page.goto(autotask('activity'))
  await look(page, 'at-activity')
})

test('Protected Data Permission decides which user-defined fields show', async () => {
  const TICKS = ['View Unprotected Data', 'Edit Unprotected Data', 'View Protected Data', 'Edit Protected Data']
  const set = async (wanted) => {
    await page.goto(autotask('resources?search=propel-by-hand'))
    await page.getByRole('link', { name: 'Propel Your MSP API' }).click()
    for (const tick of TICKS) await page.getByLabel(tick).setChecked(wanted.includes(tick))
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    const held = []
    for (const tick of TICKS) if (await page.getByLabel(tick).isChecked()) held.push(tick)
    return held
  }
  const fields = async () => (await query(shown, 'ConfigurationItems')).body.items[0].userDefinedFields.length

  assert.deepEqual(await set([]), [])
  assert.equal(await fields(), 0)
  // Each includes those before it.
  assert.deepEqual(await set(['View Protected Data']), TICKS.slice(0, 3))
  await look(page, 'at-protected')
  assert.notEqual(await fields(), 0)
  assert.deepEqual(await set(['Edit Unprotected Data']), TICKS.slice(0, 2))
})

test('data is what the API user sees, and a locked user sees nothing', async () => {
  await page.goto(autotask('data?path=Tickets'))
  await page.getByText('records in sight of operator').waitFor()
  await page.getByLabel('View as').selectOption({ label: shown.key })
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText(`records in sight of ${shown.key}`).waitFor()
  await look(page, 'at-data')
  await page.getByLabel('Entity').fill('Invoices')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('Denied:').waitFor()
  await page.goto(autotask('resources?search=propel-by-hand'))
  await page.getByRole('link', { name: 'Propel Your MSP API' }).click()
  await page.getByLabel('Locked').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  assert.equal((await query(shown, 'Tickets')).status, 401)
})

test('a system level cannot be changed', async () => {
  await page.goto(autotask('levels'))
  await page.getByRole('link', { name: 'API User (system) (API-only)', exact: true }).click()
  await page.getByText('This system level cannot be changed.').waitFor()
  assert.equal(await page.locator('select:enabled').count(), 0)
  await look(page, 'at-system-level')
})
