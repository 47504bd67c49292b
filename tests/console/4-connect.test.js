// Integrations from the console's own side: the wizard to a proved key, Verify now, the guide, the
// integration's own form and its jobs, and the audit of what everybody holds.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { admin, ask, at, call, company, facts, level, look, newRole, open, signIn } from './browser.js'

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

const shown = async () => ({
  publicKey: await page.getByLabel('Public Key', { exact: true }).inputValue(),
  privateKey: await page.getByLabel('Private Key', { exact: true }).inputValue(),
})

let pair
test('Connect: features, member, plan, and a key that is shown once with its proof', async () => {
  await page.goto(at('integrations/umbrella'))
  await page.getByRole('link', { name: 'Connect', exact: true }).first().click()
  await look(page, 'connect-features')
  await page.getByRole('button', { name: 'Next: the member' }).click()
  await page.getByLabel('Role ID').fill('Umbrella by wizard')
  await page.getByLabel('Member ID').fill('UmbrellaWizard')
  await look(page, 'connect-member')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.getByText('make the security role Umbrella by wizard').waitFor()
  assert.ok(await page.locator('.diff .plus').count() > 10)
  await look(page, 'connect-plan')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('Copy both keys now.').waitFor()
  await page.getByText('Verified.').waitFor()
  await look(page, 'connect-key')
  pair = await shown()
  assert.equal((await call(pair, '/service/boards')).status, 200)
  assert.equal((await call(pair, '/company/contacts')).status, 403)
  await page.reload()
  assert.doesNotMatch(await page.content(), new RegExp(pair.privateKey))
  await page.getByText('The key was shown once and is gone.').waitFor()
  await look(page, 'connect-gone')
})

test('a name that the form cannot take is told beside its field, and Back keeps what was typed', async () => {
  await newRole(page, 'Shut')
  await page.getByLabel('Administrator: every right').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.goto(at('integrations/mspcfo/connect/member'))
  await page.getByLabel('Role ID').fill('Shut')
  await page.getByLabel('Member ID').fill('MspcfoWizard')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.locator('.field.bad').getByText("administrator's").waitFor()
  assert.equal(await page.getByLabel('Member ID').inputValue(), 'MspcfoWizard')
  await look(page, 'connect-error')
})

test('Verify now tells what is missing and what is in excess, and leaves no key behind', async () => {
  await page.goto(at('roles?search=Umbrella+by+wizard'))
  await page.getByRole('link', { name: 'Umbrella by wizard', exact: true }).click()
  await level(page, 'Companies', 'Configurations', 'Edit', 'None')
  await level(page, 'Companies', 'Contacts', 'Inquire', 'All')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.goto(at('integrations/umbrella/verify'))
  await page.getByLabel('Member', { exact: true }).selectOption({ label: 'UmbrellaWizard (Umbrella)' })
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByText('It will not work.').waitFor()
  await page.getByRole('row', { name: /missing Companies \/ Configurations: Edit/ }).waitFor()
  await page.getByRole('row', { name: /excess Companies \/ Contacts: Inquire/ }).waitFor()
  await look(page, 'verify')
  await page.goto(at('audit/keys'))
  assert.equal(await page.getByText('Verify now, for five minutes').count(), 0)
})

test('the guide is a page with this server in it', async () => {
  await page.goto(at('integrations/umbrella/guide'))
  await page.getByRole('heading', { name: 'Cisco Umbrella on ConnectWise PSA' }).waitFor()
  await page.getByRole('cell', { name: facts.https }).waitFor()
  await page.getByRole('cell', { name: company, exact: true }).waitFor()
  await look(page, 'guide')
})

test('the plan is against any member', async () => {
  await page.goto(at('integrations/umbrella'))
  await page.getByLabel('Against the member').selectOption({ label: 'UmbrellaWizard' })
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('.minus').getByText('Companies / Contacts').waitFor()
  await page.locator('.plus').getByText('Companies / Configurations').waitFor()
})

test("the integration's own form: a wrong key is told, the right one is saved and never shown again, and jobs run", async () => {
  await page.goto(at('integrations/umbrella/connect/member'))
  await page.getByLabel('Role ID').fill('Umbrella by wizard')
  await page.getByLabel('Member ID').fill('UmbrellaWizard')
  await page.getByRole('button', { name: 'Next: the plan' }).click()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('Verified.').waitFor()
  pair = await shown()
  await page.getByRole('link', { name: 'Connection and jobs' }).first().click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  assert.ok(page.url().endsWith('/side'), 'a form without keys goes nowhere')
  // An integration has one connection: another company may have been connected before.
  await page.getByLabel('Company ID').fill(company)
  await page.getByLabel('Public Key').fill(pair.publicKey)
  await page.getByLabel('Private Key').fill('not the private key')
  await page.getByRole('button', { name: 'Check connection' }).click()
  await page.locator('#checked .wrong').waitFor()
  await look(page, 'side-wrong')
  await page.getByLabel('Private Key').fill(pair.privateKey)
  await page.getByRole('button', { name: 'Check connection' }).click()
  await page.getByText('Connected.').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('rests encrypted').waitFor()
  assert.doesNotMatch(await page.content(), new RegExp(pair.privateKey))
  assert.equal(await page.getByLabel('Private Key').inputValue(), '')
  await page.getByRole('button', { name: 'Run now check' }).click()
  await page.getByText('check was started').waitFor()
  await page.locator('#runs').getByRole('row', { name: /check/ }).getByText('done').first().waitFor()
  await look(page, 'side')
})

test('the audit lists members by excess, keys by age, and one member with needs against holds', async () => {
  await page.goto(at('audit'))
  await page.getByRole('link', { name: 'UmbrellaWizard' }).waitFor()
  const scores = (await page.locator('tbody .score').allTextContents()).map(Number)
  assert.deepEqual(scores, [...scores].sort((one, other) => one - other), 'the worst first')
  await look(page, 'audit')
  await page.getByRole('link', { name: 'UmbrellaWizard' }).click()
  await page.getByRole('heading', { name: 'Needs against holds' }).waitFor()
  await page.getByLabel('Needs of').selectOption({ label: 'MSPCFO' })
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.locator('.against .minus').first().waitFor()
  await look(page, 'audit-member')
  await page.goto(at('audit/keys?by=age'))
  await look(page, 'audit-keys')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export to HTML' }).click()
  const stream = await (await download).createReadStream()
  let text = ''
  for await (const part of stream) text += part
  assert.match(text, /<h1>/)
  assert.match(text, /UmbrellaWizard/)
  assert.doesNotMatch(text, /<script/)
})

test('the API description is tried with a key, and a refusal names the right', async () => {
  await page.goto(`${facts.http}/docs/entity/service/boards`)
  await page.getByLabel('Call').selectOption('GET /service/boards')
  await page.getByLabel('Public Key').fill(pair.publicKey)
  await page.getByLabel('Private Key').fill(pair.privateKey)
  await page.getByLabel('Parameters').fill('fields=id,name&pageSize=2')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('[data-answer] .said').getByText('200').waitFor()
  await look(page, 'docs-try')
  await page.getByLabel('Call').selectOption('GET /service/boards/{id}')
  await page.getByLabel('id', { exact: true }).fill('1')
  await page.getByLabel('Parameters').fill('')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('[data-answer] pre').getByText('"projectFlag"').waitFor()
  await page.goto(`${facts.http}/docs/entity/company/contacts`)
  await page.getByLabel('Call').selectOption('GET /company/contacts')
  await page.getByLabel('Public Key').fill(pair.publicKey)
  await page.getByLabel('Private Key').fill(pair.privateKey)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('[data-answer] .wrong').getByText('Companies / Contacts').waitFor()
  // Whoever has the least tries a write: refused with the right it lacks, and nothing is made.
  const { public_key: publicKey, private_key: privateKey } = facts.connectwise.least
  await page.goto(`${facts.http}/docs/entity/company/companies`)
  const count = async () => (await call(admin, '/company/companies/count')).body.count
  const before = await count()
  const attempt = async (pair) => {
    await page.getByLabel('Call').selectOption('POST /company/companies')
    await page.getByLabel('Public Key').fill(pair.publicKey)
    await page.getByLabel('Private Key').fill(pair.privateKey)
    await page.getByLabel('Body').fill(JSON.stringify({ identifier: 'TriedIt', name: 'Tried', site: { name: 'Main' } }))
    await page.getByRole('button', { name: 'Send' }).click()
  }
  await attempt({ publicKey, privateKey })
  await page.locator('[data-answer] .wrong').getByText('Companies / Company Maintenance: Add').waitFor()
  assert.equal(await count(), before)
  await look(page, 'docs-post-refused')
  await attempt(admin)
  await page.locator('[data-answer] .said').getByText('201').waitFor()
  assert.equal(await count(), before + 1)
  const { text } = await ask(`${facts.http}/docs/entity/company/contacts`)
  assert.doesNotMatch(text, new RegExp(pair.privateKey))
})
