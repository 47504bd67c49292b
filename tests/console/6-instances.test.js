// Instances and the live log: a company made under a progress bar, copies, a reset, faults, calls as they come,
// and what the console itself wrote.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { admin, at, ask, call, company, facts, look, newMember, newRole, open, signIn } from './browser.js'

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

const of = (name, path = '') => `${facts.http}/console/${name}/${path}`

test('a company with demo records is made while a bar moves, and its keys are shown once', async () => {
  await page.goto(at('instances/new'))
  await page.getByLabel('Company ID').fill('shown')
  await page.getByRole('button', { name: 'Save' }).click()
  // The bar, unless the work was done before the page came.
  const copy = page.getByText('Copy the keys now.')
  await page.getByRole('progressbar').or(copy).first().waitFor()
  await look(page, 'instance-progress')
  await copy.waitFor({ timeout: 60_000 })
  await look(page, 'instance-made')
  const key = await page.locator('#admin-private').inputValue()
  await page.reload()
  assert.doesNotMatch(await page.content(), new RegExp(key))
})

test('a snapshot brings back what was deleted since, and each step names what it does first', async () => {
  await page.goto(of('shown', 'instances'))
  await page.getByLabel('Take a snapshot').fill('no such name')
  await page.getByRole('button', { name: 'Take it' }).click()
  await page.locator('.field.bad').getByText('cannot name a copy').waitFor()
  await page.getByLabel('Take a snapshot').fill('before')
  await page.getByRole('button', { name: 'Take it' }).click()
  await page.getByText('The snapshot before is taken.').waitFor()
  await page.goto(of('shown', 'roles/new'))
  await page.getByLabel('Role ID').fill('Made since')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.goto(of('shown', 'instances'))
  await look(page, 'snapshots')
  await page.getByRole('link', { name: 'Restore before' }).click()
  await page.getByText('is gone for good').waitFor()
  await look(page, 'restore')
  await page.getByRole('button', { name: 'Restore it' }).click()
  await page.getByText('is as it was when before was taken').waitFor()
  await page.goto(of('shown', 'roles?search=Made'))
  await page.getByText('No role here.').waitFor()
  await page.goto(of('shown', 'instances'))
  await page.getByRole('link', { name: 'Delete before' }).click()
  await page.getByRole('button', { name: 'Delete the snapshot' }).click()
  await page.getByText('The snapshot before is deleted.').waitFor()
})

test('a reset starts the company anew', async () => {
  await page.goto(of('shown', 'instances'))
  await page.getByRole('link', { name: 'Reset shown' }).click()
  await page.getByText('is deleted and made anew').waitFor()
  await look(page, 'reset')
  await page.getByLabel('Fill it with the demo company').uncheck()
  await page.getByRole('button', { name: 'Reset shown' }).click()
  await page.getByText('shown starts anew.').waitFor({ timeout: 60_000 })
  await page.goto(of('shown', 'data?path=service/tickets'))
  await page.getByText('0 records in sight').waitFor()
})

test('a fault strikes the calls it is aimed at until it is cleared', async () => {
  await page.goto(at('instances/faults/new'))
  await page.getByLabel('What goes wrong').selectOption({ label: 'A right withdrawn (module / action)' })
  await page.getByRole('button', { name: 'Set it' }).click()
  await page.locator('.field.bad').getByText('Name the right').waitFor()
  await page.getByLabel('What goes wrong').selectOption({ label: 'Throttled, 429 (seconds to wait)' })
  await page.getByLabel('How much, or which right').fill('7')
  await page.getByLabel('Only this key').selectOption(admin.publicKey)
  await page.getByLabel('Only paths that begin with').fill('company/contacts')
  await look(page, 'fault-new')
  await page.getByRole('button', { name: 'Set it' }).click()
  await page.getByText('The fault is set').waitFor()
  await look(page, 'faults')
  assert.equal((await call(admin, '/company/contacts')).status, 429)
  assert.equal((await call(admin, '/company/companies?pageSize=1')).status, 200)
  await page.getByRole('button', { name: /^Clear/ }).click()
  await page.getByText('Cleared.').waitFor()
  assert.equal((await call(admin, '/company/contacts?pageSize=1')).status, 200)
})

test('calls come as they are made, stop on Pause, and filters hold for the stream too', async () => {
  await newRole(page, 'Streamed')
  const pair = await newMember(page, 'Streamed', 'Streamed', 'Streamed')
  await page.goto(at('activity?member=Streamed'))
  await call(pair, '/system/info')
  await page.locator('#calls').getByText('/system/info').waitFor()
  await call(admin, '/company/companies/count')
  await call(pair, '/sales/opportunities')
  await page.locator('#calls tr.denied').first().waitFor()
  assert.equal(await page.locator('#calls').getByText('/company/companies/count').count(), 0, 'of another member')
  await page.getByRole('button', { name: 'Pause' }).click()
  await call(pair, '/service/tickets')
  await new Promise((wait) => setTimeout(wait, 800))
  assert.equal(await page.locator('#calls').getByText('/service/tickets').count(), 0)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.locator('#calls').getByText('/service/tickets').waitFor()
  await look(page, 'activity-live')
  // A row opens to the whole call, without its secret.
  await call(pair, '/service/tickets?conditions=id>5&pageSize=3')
  await page.goto(at('activity?member=Streamed&search=service'))
  await page.locator('#calls a').first().click()
  await page.getByText('id>5').waitFor()
  assert.doesNotMatch(await page.content(), new RegExp(pair.privateKey))
})

test('what the console wrote is in the log, as the operator', async () => {
  await page.goto(at('activity?member=operator&decision=written'))
  await page.locator('#calls').getByText('POST /system/securityroles').first().waitFor()
  await page.locator('#calls').getByText(/POST .*\/keys$/).first().waitFor()
})

test('a session that was ended elsewhere asks to sign in again, and its forms do nothing', async () => {
  const other = await open()
  await signIn(other.page)
  await other.page.goto(at('roles/new'))
  const cookies = await other.context.cookies()
  const session = cookies.find(({ name }) => name.startsWith('bitting-session'))
  const token = await other.page.locator('input[name=csrf]').first().inputValue()
  await ask(`${facts.http}/console/sign-out`, { method: 'POST', headers: { cookie: `${session.name}=${session.value}`, 'x-csrf': token } })
  await other.page.getByLabel('Role ID').fill('Too late')
  await other.page.getByRole('button', { name: 'Save' }).click()
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await other.close()
  await page.goto(at(`roles?search=${encodeURIComponent('Too late')}`))
  await page.getByText('No role here.').waitFor()
  assert.ok(company)
})
