// The seed guides for ConnectWise from the first click to a key that does what the guide needs and no more.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { admin, allowTables, at, call, level, look, newMember, newRole, open, signIn } from './browser.js'

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

const ok = async (pair, path, init) => {
  const answer = await call(pair, path, init)
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}
const refused = async (pair, path, init) => {
  const answer = await call(pair, path, init)
  assert.equal(answer.status, 403, `${path}: ${JSON.stringify(answer.body)}`)
  assert.equal(answer.body.code, 'Security', path)
}
const save = async () => {
  await page.getByRole('button', { name: 'Save and Close' }).click()
  await page.getByText('Saved. The role holds').waitFor()
}

test('MSPCFO: one cell, then a key', async () => {
  await page.goto(at())
  await look(page, 'overview')
  await newRole(page, 'MSPCFO by hand')
  await look(page, 'role-new')
  await level(page, 'System', 'API Reports', 'Inquire', 'All')
  await page.locator('#lint').getByText('reads across all objects').waitFor()
  await save()
  await look(page, 'roles')
  const pair = await newMember(page, 'MspcfoByHand', 'MSPCFO', 'MSPCFO by hand')
  assert.ok((await ok(pair, '/system/reports?pageSize=5')).length > 0)
  await refused(pair, '/company/companies')
  await refused(pair, '/service/tickets')
})

test('Cisco Umbrella: four rows, three tables, a key that is shown once', async () => {
  await newRole(page, 'Umbrella by hand')
  const dialog = await allowTables(page, ['Company / Configuration', 'Service / Priority', 'Service / Service Board'])
  await look(page, 'customize')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The list is saved.').waitFor()
  await page.getByText('3 allowed').waitFor()
  await level(page, 'Companies', 'Company Maintenance', 'Inquire', 'All')
  for (const verb of ['Add', 'Edit', 'Inquire']) {
    await level(page, 'Companies', 'Configurations', verb, 'All')
    await level(page, 'Service Desk', 'Service Tickets', verb, 'All')
    await level(page, 'System', 'Table Setup', verb, 'All')
  }
  await look(page, 'role')
  await page.getByLabel('Show only what is granted').check()
  assert.equal(await page.locator('.matrix tbody tr:visible').count(), 4)
  await page.evaluate(() => scrollTo(0, 0))
  await look(page, 'role-granted')
  await save()
  const pair = await newMember(page, 'UmbrellaByHand', 'Cisco Umbrella', 'Umbrella by hand')
  await look(page, 'key-shown')
  assert.match(pair.privateKey, /^[A-Za-z0-9]{16}$/)

  // Leaving the page makes the private key unreachable, whichever way one comes back.
  await page.getByRole('link', { name: 'Details' }).click()
  await look(page, 'member')
  for (const back of [() => page.goBack(), () => page.reload()]) {
    await back()
    await page.getByRole('heading', { name: 'UmbrellaByHand', level: 1 }).waitFor()
    assert.doesNotMatch(await page.content(), new RegExp(pair.privateKey))
  }
  await look(page, 'keys')

  const [company] = await ok(pair, '/company/companies?pageSize=1&conditions=deletedFlag=False')
  const boards = await ok(pair, '/service/boards')
  await ok(pair, '/service/priorities')
  const type = await ok(pair, '/company/configurations/types', { method: 'POST', body: JSON.stringify({ name: 'Umbrella organisation' }) })
  await ok(pair, '/company/configurations', { method: 'POST', body: JSON.stringify({ name: 'Umbrella', type: { id: type.id }, company: { id: company.id } }) })
  const ticket = await ok(pair, '/service/tickets', {
    method: 'POST',
    body: JSON.stringify({ summary: 'Botnet event', company: { id: company.id }, board: { id: boards[0].id } }),
  })
  await ok(pair, `/service/tickets/${ticket.id}`, { method: 'PATCH', body: JSON.stringify([{ op: 'replace', path: 'summary', value: 'Botnet event, again' }]) })
  await refused(pair, `/service/tickets/${ticket.id}`, { method: 'DELETE' })
  await refused(pair, '/company/configurations/statuses')
  await refused(pair, '/company/contacts')
  await refused(pair, '/system/members')
})

test('Office Protect: four cells, a default board, and the board its tickets land on', async () => {
  await newRole(page, 'OfficeProtect by hand')
  await level(page, 'Service Desk', 'Service Tickets', 'Add', 'All')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('needs Inquire; set Inquire').waitFor()
  await look(page, 'role-error')
  await level(page, 'Service Desk', 'Service Tickets', 'Edit', 'All')
  await level(page, 'Service Desk', 'Service Tickets', 'Inquire', 'All')
  await level(page, 'Companies', 'Company Maintenance', 'Inquire', 'All')
  await save()
  const boards = (await ok(admin, '/service/boards?conditions=inactiveFlag=False and projectFlag=False')).map(({ name }) => name).sort()
  const board = boards.at(-1)
  const pair = await newMember(page, 'OfficeByHand', 'Office Protect', 'OfficeProtect by hand', { 'Default board': board })
  const [company] = await ok(pair, '/company/companies?pageSize=1&conditions=deletedFlag=False')
  const ticket = await ok(pair, '/service/tickets', { method: 'POST', body: JSON.stringify({ summary: 'Suspicious sign-in', company: { id: company.id } }) })
  assert.equal(ticket.board.name, board)
  await refused(pair, '/service/boards')
  await refused(pair, '/system/members')

  // The optional rights: two more rows, and the section of ticket settings has its data.
  await page.goto(at(`roles?search=${encodeURIComponent('OfficeProtect by hand')}`))
  await page.getByRole('link', { name: 'OfficeProtect by hand', exact: true }).click()
  await level(page, 'System', 'Table Setup', 'Inquire', 'All')
  await level(page, 'System', 'Member Maintenance', 'Inquire', 'All')
  await save()
  const [{ id }] = await ok(pair, `/service/boards?conditions=${encodeURIComponent(`name="${board}"`)}`)
  assert.ok((await ok(pair, `/service/boards/${id}/statuses`)).length > 0)
  await ok(pair, '/system/members?pageSize=1')
  await page.goto(at('integrations/office_protect/verify'))
  await page.getByLabel('Member', { exact: true }).selectOption({ label: 'OfficeByHand (Office Protect)' })
  await page.getByLabel('Settings for the creation of tickets').check()
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByText('Verified.').waitFor()
})

test('Propel Your MSP: eleven rows and fifteen tables', async () => {
  const tables = [
    'Activities / Activity Type', 'Agreements / Agreement Type', 'Company / Company Status', 'Company / Company Type',
    'Company / Configuration', 'Company / Configuration Status', 'Company / Team Role', 'Invoicing / Billing Cycle',
    'Opportunities / Opportunity Status', 'Opportunities / Opportunity Type', 'Opportunities / Sales Probability',
    'Opportunities / Sales Stage', 'Service / Service Board', 'Service / Severity', 'Service / Source',
  ]
  await newRole(page, 'Propel by hand')
  const dialog = await allowTables(page, tables)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('15 allowed').waitFor()
  const rows = [
    ['Companies', 'Company Maintenance', { Inquire: 'All' }],
    ['Companies', 'Configurations', { Edit: 'All', Inquire: 'All' }],
    ['Companies', 'CRM/Sales Activities', { Add: 'My', Inquire: 'All' }],
    ['Companies', 'Manage Attachments', { Add: 'My', Inquire: 'My' }],
    ['Companies', 'Team Members', { Inquire: 'All' }],
    ['Sales', 'Opportunity', { Add: 'All', Inquire: 'All' }],
    ['Service Desk', 'Service Tickets', { Add: 'My', Inquire: 'All' }],
    ['System', 'API Reports', { Inquire: 'All' }],
    ['System', 'Member Maintenance', { Inquire: 'All' }],
    ['System', 'My Company', { Inquire: 'All' }],
    ['System', 'Table Setup', { Inquire: 'All' }],
  ]
  for (const [module, action, levels] of rows) {
    for (const [verb, value] of Object.entries(levels)) await level(page, module, action, verb, value)
  }
  await save()

  // The catalog of integrations knows the same guide: nothing is missing, nothing is in excess.
  await page.goto(at('integrations'))
  await look(page, 'integrations')
  await page.getByLabel('Search').fill('propel')
  await page.getByRole('link', { name: /Propel/ }).first().click()
  await page.getByLabel('Against the role').selectOption({ label: 'Propel by hand' })
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.getByText('The role holds exactly what is asked for.').waitFor()
  await look(page, 'integration-done')

  const pair = await newMember(page, 'PropelByHand', 'Propel Your MSP', 'Propel by hand')
  await ok(pair, '/sales/stages')
  await ok(pair, '/system/locations')
  await ok(pair, '/sales/opportunities?pageSize=1')
  await refused(pair, '/service/priorities')
  await refused(pair, '/company/contacts')
  await page.goto(at('integrations/propel/verify'))
  await page.getByLabel('Member', { exact: true }).selectOption({ label: 'PropelByHand (Propel Your MSP)' })
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByText('Verified.').waitFor()
})
