// The seed guides to the letter: on an instance with no records but the board that one of them is about, each step in the guide's own words and order,
// and nothing that the guide does not name. Menus, tabs, fields and buttons are found by those words alone.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, at, autotask, callAutotask, facts, look, open, signIn } from './browser.js'

const COMPANY = 'letter'
const here = (path = '') => `${facts.http}/console/${COMPANY}/${path}`
let browser, page
before(async () => {
  browser = await open()
  page = browser.page
  await signIn(page)
  await page.goto(at('instances/new'))
  await page.getByLabel('Company ID').fill(COMPANY)
  await page.getByLabel('Fill it with the demo company').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(`${COMPANY} is made.`).waitFor()
  const own = { public: await page.locator('#admin-public').inputValue(), private: await page.locator('#admin-private').inputValue() }
  const [location] = (await call(own, '/system/locations?conditions=locationFlag=true')).body
  const [department] = (await call(own, '/system/departments')).body
  const board = await call(own, '/service/boards', {
    method: 'POST',
    body: JSON.stringify({ name: 'Security events', location: { id: location.id }, department: { id: department.id } }),
  })
  assert.equal(board.status, 201, JSON.stringify(board.body))
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

/** `System > Security Roles`: a group of the navigation and an entry below it, then whatever is named so. */
async function go(group, entry, ...further) {
  const menu = page.getByRole('navigation', { name: 'Console' })
  const below = menu.locator('p.group', { hasText: new RegExp(`^${group}$`) }).locator('xpath=following-sibling::ul[1]')
  await below.getByRole('link', { name: entry, exact: true }).click()
  for (const word of further) {
    const link = page.getByRole('main').getByRole('link', { name: word, exact: true })
    if (await link.count()) await link.first().click()
    else await page.getByRole('main').getByRole('heading', { name: word, exact: true }).waitFor()
  }
}
const press = (name) => page.getByRole('button', { name, exact: true }).click()
/** The plus sign, New Item. */
const plus = () => page.getByRole('link', { name: 'New Item' }).click()
const tab = (name) => page.getByRole('link', { name, exact: true }).click()
const says = (text) => page.getByRole('status').getByText(text).waitFor()

const VERBS = ['Add', 'Edit', 'Delete', 'Inquire']
/** A row of a guide's table: module, action, and the four cells in order; a blank one is None. */
async function row([module, action, ...levels]) {
  const group = page.locator('details.module').filter({ has: page.locator('summary span', { hasText: new RegExp(`^${module}$`) }) })
  if ((await group.getAttribute('open')) === null) await group.locator('summary').click()
  for (const [index, verb] of VERBS.entries()) {
    const field = page.getByLabel(`${module} / ${action}: ${verb}`, { exact: true })
    const level = levels[index] || 'None'
    if (level !== 'None' || (await field.count())) await field.selectOption(level)
  }
}

/** Table Setup (customize): the tables stand on the left. */
async function customize(tables) {
  const field = page.locator('details.module').filter({ has: page.locator('summary span', { hasText: /^System$/ }) })
  if ((await field.getAttribute('open')) === null) await field.locator('summary').click()
  await page.getByRole('row', { name: /^Table Setup/ }).getByRole('button', { name: /^customize/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disallow all' }).click()
  await dialog.getByLabel('Disallow', { exact: true }).selectOption(tables)
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
  const left = dialog.getByLabel('Allow access to these').locator('option')
  assert.deepEqual((await left.allTextContents()).sort(), [...tables].sort())
  await dialog.getByRole('button', { name: 'Save' }).click()
  await says('The list is saved.')
}

/** The API Keys tab of a member whose sheet is open. */
async function keys(description) {
  await tab('API Keys')
  await plus()
  await page.getByLabel('Description').fill(description)
  await press('Save')
  await page.getByText('Copy both keys now.').waitFor()
  return {
    public: await page.getByLabel('Public Key', { exact: true }).inputValue(),
    private: await page.getByLabel('Private Key', { exact: true }).inputValue(),
  }
}

async function call(pair, path, init = {}) {
  const key = Buffer.from(`${COMPANY}+${pair.public}:${pair.private}`).toString('base64')
  const { status, text } = await ask(`${facts.http}/v4_6_release/apis/3.0${path}`, {
    ...init, headers: { authorization: `Basic ${key}`, clientid: facts.connectwise.client_id, 'content-type': 'application/json' },
  })
  return { status, body: text ? JSON.parse(text) : null }
}

/** The guide's last step: the keys go into the product's own form, which is checked and saved. */
async function paste(integration, pair) {
  await go('Connect', 'Integrations')
  await page.getByLabel('Search').fill(integration)
  await page.getByRole('main').getByRole('link', { name: integration }).first().click()
  await tab('Connection and jobs')
  assert.equal(await page.getByLabel('Company ID').inputValue(), COMPANY)
  await page.getByLabel('Public Key').fill(pair.public)
  await page.getByLabel('Private Key').fill(pair.private)
  await press('Check connection')
  await page.getByText('Connected.').waitFor()
  await press('Save')
  await page.getByText('rests encrypted').waitFor()
}

/** The key does what the guide is for, as the profile of the integration proves it. */
async function proven(integration, member) {
  await go('Connect', 'Integrations')
  await page.getByLabel('Search').fill(integration)
  await page.getByRole('main').getByRole('link', { name: integration }).first().click()
  await tab('Verify now')
  await page.getByLabel('Member', { exact: true }).selectOption({ label: member })
  await press('Verify now')
  await page.getByRole('heading', { name: 'Proof' }).waitFor()
  assert.equal(await page.locator('.proved.missing').count(), 0, `${integration}: something is missing`)
}

test('an instance without records says on each page what to do next', async () => {
  for (const [path, advice] of [
    ['', 'Denials appear here'],
    ['roles?search=nothing', 'Choose New Item'],
    ['members?search=nothing', ''],
    ['audit', ''],
    ['audit/keys', ''],
    ['activity?search=nothing', 'Calls on the API appear here'],
    ['data?path=service/tickets', ''],
    ['integrations?search=nothing+at+all', ''],
    ['instances', 'Take one before a test'],
  ]) {
    await page.goto(here(path))
    if (path === 'audit') await page.locator('main table').waitFor()
    if (advice) await page.locator('.empty').getByText(advice).first().waitFor()
    for (const text of await page.locator('.empty').allInnerTexts()) assert.match(text, /[.] \S|;|Choose|Set|Take|appear/, `${path}: ${text}`)
    await look(page, `empty-${path.replace(/\W+/g, '-') || 'overview'}`)
  }
})

test('MSPCFO', async () => {
  await page.goto(here())
  await go('System', 'Security Roles')
  await plus()
  await page.getByLabel('Role ID').fill('MSPCFO')
  await press('Save')
  await row(['System', 'API Reports', '', '', '', 'All'])
  await press('Save and Close')
  await says('Saved.')
  await go('System', 'Members', 'API Members')
  await plus()
  await page.getByLabel('Member ID').fill('dummy')
  await page.getByLabel('Member Name').fill('dummy')
  await page.getByLabel('Role ID').selectOption({ label: 'MSPCFO' })
  await press('Save')
  await says('Saved.')
  const pair = await keys('MSPCFO')
  assert.equal((await call(pair, '/system/reports?pageSize=1')).status, 200)
  assert.equal((await call(pair, '/company/companies')).status, 403)
  await paste('MSPCFO', pair)
  await proven('MSPCFO', 'dummy (dummy)')
})

test('Cisco Umbrella', async () => {
  await go('System', 'Security Roles')
  await plus()
  await page.getByLabel('Role ID').fill('Umbrella')
  await press('Save')
  // The list is chosen and saved first, the levels are set afterwards.
  await customize(['Company / Configuration', 'Service / Priority', 'Service / Service Board'])
  await row(['Companies', 'Company Maintenance', '', '', '', 'All'])
  await row(['Companies', 'Configurations', 'All', 'All', '', 'All'])
  await row(['Service Desk', 'Service Tickets', 'All', 'All', '', 'All'])
  await row(['System', 'Table Setup', 'All', 'All', '', 'All'])
  await press('Save and Close')
  await says('Saved.')
  await go('System', 'Members', 'API Members')
  await plus()
  await page.getByLabel('Member ID').fill('Umbrella')
  await page.getByLabel('Member Name').fill('Umbrella')
  await page.getByLabel('Role ID').selectOption({ label: 'Umbrella' })
  await press('Save')
  await says('Saved.')
  const pair = await keys('Umbrella')
  assert.equal((await call(pair, '/company/configurations/types')).status, 200)
  assert.equal((await call(pair, '/company/configurations/statuses')).status, 403)
  await paste('Cisco Umbrella', pair)
  await proven('Cisco Umbrella', 'Umbrella (Umbrella)')
})

test('Office Protect', async () => {
  await go('System', 'Security Roles')
  await plus()
  await page.getByLabel('Role ID').fill('OfficeProtect')
  await press('Save')
  await row(['Companies', 'Company Maintenance', 'None', 'None', 'None', 'All'])
  await row(['Service Desk', 'Service Tickets', 'All', 'All', 'None', 'All'])
  await row(['System', 'Table Setup', 'None', 'None', 'None', 'All'])
  await row(['System', 'Member Maintenance', 'None', 'None', 'None', 'All'])
  await press('Save')
  await says('Saved.')
  await go('System', 'Members', 'API Members')
  await plus()
  await page.getByLabel('Member ID').fill('OfficeProtect')
  await page.getByLabel('Member Name').fill('Office Protect')
  await page.getByLabel('Role ID').selectOption({ label: 'OfficeProtect' })
  const defaults = page.getByRole('group', { name: 'Service Defaults' })
  await defaults.getByLabel('Default board').selectOption({ label: 'Security events' })
  await press('Save')
  await says('Saved.')
  const pair = await keys('Office Protect integration')
  const me = await call(pair, '/system/members?conditions=identifier="OfficeProtect"')
  assert.equal(me.body[0].serviceDefaultBoard.name, 'Security events')
  await paste('Office Protect', pair)
  await proven('Office Protect', 'OfficeProtect (Office Protect)')
})

test('Propel Your MSP for ConnectWise', async () => {
  await go('System', 'Security Roles')
  await plus()
  await page.getByLabel('Role ID').fill('Propel API')
  await press('Save')
  const tables = {
    Activities: ['Activity Type'],
    Agreements: ['Agreement Type'],
    Company: ['Company Status', 'Company Type', 'Configuration', 'Configuration Status', 'Team Role'],
    Invoicing: ['Billing Cycle'],
    Opportunities: ['Opportunity Status', 'Opportunity Type', 'Sales Probability', 'Sales Stage'],
    Service: ['Service Board', 'Severity', 'Source'],
  }
  const names = Object.entries(tables).flatMap(([category, of]) => of.map((table) => `${category} / ${table}`))
  assert.equal(names.length, 15)
  for (const cells of [
    ['Companies', 'Company Maintenance', '', '', '', 'All'],
    ['Companies', 'Configurations', '', 'All', '', 'All'],
    ['Companies', 'CRM/Sales Activities', 'My', '', '', 'All'],
    ['Companies', 'Manage Attachments', 'My', '', '', 'My'],
    ['Companies', 'Team Members', '', '', '', 'All'],
    ['Sales', 'Opportunity', 'All', '', '', 'All'],
    ['Service Desk', 'Service Tickets', 'My', '', '', 'All'],
    ['System', 'API Reports', '', '', '', 'All'],
    ['System', 'Member Maintenance', '', '', '', 'All'],
    ['System', 'My Company', '', '', '', 'All'],
    ['System', 'Table Setup', '', '', '', 'All'],
  ]) await row(cells)
  // Levels that are set and not saved yet stay while the list is chosen.
  await customize(names)
  await press('Save and Close')
  await says('Saved.')
  await go('System', 'Members', 'API Members')
  await plus()
  await page.getByLabel('Member ID').fill('PropelAPI')
  await page.getByLabel('Member Name').fill('Propel API')
  // Location must be set properly; Corporate is recommended.
  await page.getByLabel('Location', { exact: true }).selectOption({ label: 'Corporate' })
  await page.getByLabel('Role ID').selectOption({ label: 'Propel API' })
  await press('Save')
  await says('Saved.')
  const pair = await keys('Propel')
  for (const path of ['/sales/stages', '/system/locations', '/finance/billingCycles', '/company/teamRoles', '/service/severities']) {
    assert.equal((await call(pair, path)).status, 200, path)
  }
  assert.equal((await call(pair, '/service/priorities')).status, 403)
  await paste('Propel Your MSP', pair)
  await proven('Propel Your MSP', 'PropelAPI (Propel API)')
})

test('Propel Your MSP for Autotask', async () => {
  await page.goto(autotask())
  await go('Admin', 'Features & Settings', 'Resources/Users (HR)', 'Security Levels')
  await page.getByRole('row', { name: /API User \(system\) \(API-only\)/ }).first().click({ button: 'right' })
  await page.getByRole('link', { name: 'Copy Security Level' }).first().click()
  await page.getByLabel('Name').fill('API User (Propel Your MSP) by letter')
  await press('Save')
  for (const [section, group, setting, ...values] of [
    ['Contracts', 'Object Permissions', 'Contracts', 'View All'],
    ['Contracts', 'Dropdowns', 'Contract Visibility (for contracts you have access to)', 'Full'],
    ['CRM', 'Account & Contact Access', 'Customer & Cancelation', 'All'],
    ['CRM', 'Object Permissions', 'Opportunities & Quotes', 'Add Yes'],
    ['CRM', 'Object Permissions', 'Configuration Items & Subscriptions', 'View All', 'Edit All'],
    ['CRM', 'Object Permissions', 'To-Dos', 'Add Yes'],
    ['Service Desk', 'Object Permissions', 'Tickets', 'View All', 'Add Yes'],
    ['Admin', 'Feature Access', 'Resources/Users (HR)', 'checked'],
    ['Admin', 'Feature Access', 'Configuration Items', 'checked'],
    ['Other', 'Miscellaneous', 'Not required to change password (does not expire)', 'checked'],
  ]) {
    const module = page.locator('details.module').filter({ has: page.locator('summary span', { hasText: new RegExp(`^${section}$`) }) })
    if ((await module.getAttribute('open')) === null) await module.locator('summary').click()
    const line = module.getByRole('region', { name: `${section}: ${group}` }).getByRole('row').filter({ has: page.getByRole('rowheader', { name: setting, exact: true }) })
    for (const value of values) {
      const [, verb, level] = value.match(/^(View|Add|Edit|Delete) (.*)$/) ?? []
      if (value === 'checked') await line.getByRole('checkbox').check()
      else if (verb) await line.getByLabel(new RegExp(`: ${verb}$`)).selectOption(level)
      else await line.getByRole('combobox').selectOption(value)
    }
  }
  await press('Save')
  await says('Saved.')
  await go('Admin', 'Resources (Users)')
  await page.getByLabel('More kinds of New').click()
  await page.getByRole('link', { name: 'New API User' }).click()
  await page.getByLabel('First Name').fill('Propel Your MSP')
  await page.getByLabel('Last Name').fill('Letter')
  await page.getByLabel('Email').fill('letter@example.com')
  await page.getByLabel('Security Level').selectOption({ label: 'API User (Propel Your MSP) by letter' })
  await press('Generate Key')
  await page.waitForFunction(() => document.getElementById('key').value.includes('@'))
  await press('Generate Secret')
  await page.waitForFunction(() => document.getElementById('secret').value.length > 15)
  await page.getByRole('radio', { name: 'Integration Vendor' }).check()
  await page.getByRole('combobox', { name: 'Integration Vendor' }).selectOption({ label: 'Propel Your MSP' })
  await look(page, 'at-letter')
  await press('Save')
  await page.getByText('Copy key and secret now.').waitFor()
  const value = (id) => page.locator(id).inputValue()
  const shown = { key: await value('#shown-key'), secret: await value('#shown-secret'), code: await value('#shown-code') }
  const search = encodeURIComponent('{"MaxRecords":5,"filter":[{"op":"exist","field":"id"}]}')
  for (const entity of ['Contracts', 'Companies', 'ConfigurationItems', 'Opportunities', 'Tickets', 'Resources']) {
    assert.equal((await callAutotask(shown, `${entity}/query?search=${search}`)).status, 200, entity)
  }
  await go('Connect', 'Integrations')
  await page.getByRole('main').getByRole('link', { name: 'Propel Your MSP' }).first().click()
  await tab('Verify now')
  await page.getByLabel('API user', { exact: true }).selectOption({ label: `${shown.key} (API User (Propel Your MSP) by letter)` })
  await press('Verify now')
  await page.getByRole('heading', { name: 'Proof' }).waitFor()
  assert.equal(await page.locator('.proved.missing').count(), 0)
  await tab('Connection and jobs')
  await page.getByLabel('Username (Key)').fill(shown.key)
  await page.getByLabel('Password (Secret)').fill(shown.secret)
  await page.getByLabel('Tracking Identifier').fill(shown.code)
  await press('Check connection')
  await page.getByText('Connected.').waitFor()
})
