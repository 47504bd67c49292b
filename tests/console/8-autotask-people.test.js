// Autotask: lines of business, and whether people let API users act in their name. Neither has a path in the
// vendor's API; what the pages say is proven by calls.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { autotask, callAutotask, facts, look, open, signIn } from './browser.js'

let browser, page
before(async () => {
  browser = await open()
  page = browser.page
  await signIn(page)
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

const admin = () => {
  const { username, secret, integration_code } = facts.autotask.admin
  return { key: username, secret, code: integration_code }
}
const search = (filter) => encodeURIComponent(JSON.stringify({ MaxRecords: 500, filter }))
const everything = [{ op: 'exist', field: 'id' }]
async function found(who, entity, filter = everything) {
  const { status, body } = await callAutotask(who, `${entity}/query?search=${search(filter)}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.items
}
/** Opens a resource by its name. */
async function resource(name) {
  await page.getByRole('link', { name: 'Resources (Users)' }).first().click()
  await page.getByLabel('Name or email contains').fill(name.split(' ').at(-1))
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}
/** A user of its own for a test, by the wizard. */
async function made(name) {
  await page.goto(autotask('integrations/propel/connect'))
  await page.getByLabel('Security Level').fill(`${name} level`)
  await page.getByLabel('API user').fill(name)
  await page.getByLabel('Email Address').fill('people@example.com')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('Copy key and secret now.').waitFor()
  const value = (id) => page.locator(id).inputValue()
  return { key: await value('#shown-key'), secret: await value('#shown-secret'), code: await value('#shown-code') }
}

test('lines of business: a record that names one shows to its members alone', async () => {
  const user = await made('Lines Tester')
  const [line] = await found(admin(), 'OrganizationalLevelAssociations')
  const tickets = await found(admin(), 'Tickets')
  const hidden = tickets.find((ticket) => ticket.organizationalLevelAssociationID)
  let id = hidden?.id
  let of = hidden?.organizationalLevelAssociationID
  if (!id) {
    of = line.id
    id = tickets[0].id
    const changed = await callAutotask(admin(), 'Tickets', { method: 'PATCH', body: JSON.stringify({ id, organizationalLevelAssociationID: of }) })
    assert.equal(changed.status, 200, JSON.stringify(changed.body))
  }
  const sees = async () => (await found(user, 'Tickets', [{ op: 'eq', field: 'id', value: id }])).length
  assert.equal(await sees(), 0)
  await resource('Lines Tester')
  await page.getByRole('link', { name: 'Line of Business' }).click()
  await page.getByText('Records that name one of these lines').waitFor()
  await look(page, 'at-lines')
  await page.locator(`input[name=line][value="${of}"]`).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  assert.ok(await page.locator(`input[name=line][value="${of}"]`).isChecked())
  assert.equal(await sees(), 1)
  await page.locator(`input[name=line][value="${of}"]`).uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  assert.equal(await sees(), 0)
  // It stands in this database's own log, and in no company's.
  await page.getByRole('link', { name: 'Activity' }).click()
  await page.getByLabel('Path contains').fill('/users/')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByRole('row', { name: /PATCH .*autotask\/Bitting\/users/ }).first().waitFor()
})

test('people: their level says whether API users may act in their name', async () => {
  const people = (await found(admin(), 'Resources')).filter((one) => one.licenseType !== 7 && one.isActive)
  const person = people[0]
  const name = `${person.firstName} ${person.lastName}`
  await page.goto(autotask('levels'))
  await page.getByRole('link', { name: 'Full Access (system)', exact: true }).click()
  await page.getByRole('link', { name: 'Copy Security Level' }).click()
  await page.getByLabel('Name').fill('Desk by hand')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Change what the integration needs, then Save.').waitFor()

  await resource(name)
  await page.getByText('No API user may act as').waitFor()
  await look(page, 'at-person')
  await page.getByLabel('Security Level').selectOption('')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('#level-hint').getByText('Choose a security level.').waitFor()
  const offered = await page.getByLabel('Security Level').locator('option').allInnerTexts()
  assert.ok(offered.every((level) => !level.includes('API-only')), String(offered))
  await page.getByLabel('Security Level').selectOption({ label: 'Desk by hand' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()

  const companies = await found(admin(), 'Companies')
  const note = () => callAutotask(admin(), `Companies/${companies[0].id}/Notes`, {
    method: 'POST',
    body: JSON.stringify({ actionType: 1, title: 'In her name', note: 'x', startDateTime: '2026-01-05T09:00:00Z', endDateTime: '2026-01-05T10:00:00Z', assignedResourceID: person.id }),
    headers: { ...credentials(), ImpersonationResourceId: String(person.id) },
  })
  const credentials = () => ({ UserName: admin().key, Secret: admin().secret, ApiIntegrationCode: admin().code, 'content-type': 'application/json' })
  const before = await note()
  assert.notEqual(before.status, 200, JSON.stringify(before.body))

  await page.getByRole('link', { name: "the person's level" }).click()
  await page.getByLabel('Allow impersonation of resources with this security level').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved. It holds from the next call on.').waitFor()
  await look(page, 'at-level-people')
  const after = await note()
  assert.equal(after.status, 200, JSON.stringify(after.body))
  await resource(name)
  await page.getByText('API users may act as').waitFor()
  // API users get no level that people sign in with.
  await page.getByRole('link', { name: 'Resources (Users)' }).first().click()
  await page.getByText('may be impersonated').first().waitFor()
  await look(page, 'at-people')
  await page.goto(autotask('resources/new'))
  const levels = await page.getByLabel('Security Level').locator('option').allInnerTexts()
  assert.ok(!levels.includes('Desk by hand') && !levels.includes('Full Access (system)'), String(levels))
})
