// The other pages: what was refused and how it is granted, data in a member's place, text that looks like
// a script, settings, the API description, and narrow, dark and keyboard-only use.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { admin, ask, at, autotask, call, facts, level, look, newMember, newRole, open, signIn } from './browser.js'

let browser, page, pair
before(async () => {
  browser = await open()
  page = browser.page
  await signIn(page)
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

const SCRIPT = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>'

test('a refused call shows the missing right, and granting it answers the next one', async () => {
  await newRole(page, 'Reader')
  await level(page, 'System', 'Table Setup', 'Inquire', 'All')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  pair = await newMember(page, 'Reader', 'Reader', 'Reader')
  assert.equal((await call(pair, '/service/tickets')).status, 403)
  assert.equal((await call(pair, '/service/boards')).status, 200)
  await page.goto(at('activity?member=Reader'))
  await page.getByText('Service Desk / Service Tickets').first().waitFor()
  await look(page, 'activity')
  // New calls come by themselves.
  await call(pair, '/company/companies/1')
  await page.getByText('/company/companies/1').waitFor()
  await page.locator('tr').filter({ hasText: '/service/tickets' }).getByRole('link', { name: /^GET/ }).click()
  await look(page, 'call')
  await page.getByRole('link', { name: 'Grant it' }).click()
  await look(page, 'grant')
  await page.getByRole('button', { name: 'Grant All to Reader' }).click()
  await page.getByText('Reader holds it').waitFor()
  assert.equal((await call(pair, '/service/tickets')).status, 200)
})

test('a stream of calls that broke off goes on where it was, and a paused one waits', async () => {
  const row = (id) => page.locator('#calls code', { hasText: new RegExp(`/company/companies/${id}$`) })
  await page.goto(at('activity'))
  await call(pair, '/company/companies/11')
  await row(11).waitFor()
  await browser.context.setOffline(true)
  await call(pair, '/company/companies/12')
  await browser.context.setOffline(false)
  await row(12).waitFor()
  assert.equal(await row(11).count(), 1, 'no call comes twice')
  await page.getByRole('button', { name: 'Pause' }).click()
  await call(pair, '/company/companies/13')
  await page.getByRole('button', { name: 'Go on' }).click()
  await row(13).waitFor()
})

test('a call with a wrong key is in the log of the company that it was for', async () => {
  const wrong = { ...pair, privateKey: 'not the private key' }
  assert.equal((await call(wrong, '/company/companies/14')).status, 401)
  await page.goto(at('activity?search=companies/14'))
  await page.getByRole('row', { name: /companies\/14.*401.*no key/ }).waitFor()
})

test('text that looks like a script is text on every page', async () => {
  const made = await call(admin, '/company/companies', { method: 'POST', body: JSON.stringify({ identifier: 'Script', name: SCRIPT.slice(0, 50), site: { name: 'Main' } }) })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await page.goto(at(`data?path=company/companies&conditions=${encodeURIComponent('identifier="Script"')}`))
  await page.getByRole('cell', { name: SCRIPT.slice(0, 50) }).first().waitFor()
  await newRole(page, '<script>alert(3)</script>')
  for (const path of [`roles?search=${encodeURIComponent(SCRIPT)}`, `integrations?search=${encodeURIComponent(SCRIPT)}`, `data?path=${encodeURIComponent(SCRIPT)}`, `data?path=company/companies&conditions=${encodeURIComponent(SCRIPT)}`, `activity?member=${encodeURIComponent(SCRIPT)}`, 'roles', 'members/new']) {
    await page.goto(at(path))
    assert.equal(await page.locator('main script, main img').count(), 0, path)
  }
  await page.goto(`${facts.http}/docs?search=${encodeURIComponent(SCRIPT)}`)
  assert.equal(await page.locator('main script, main img').count(), 0)
})

test('data is what the member sees, and a denial is told', async () => {
  await page.goto(at('data'))
  await page.getByLabel('Path').fill('service/tickets')
  await page.getByLabel('Conditions').fill('closedFlag = False')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('records in sight of operator').waitFor()
  await look(page, 'data')
  await page.getByRole('link', { name: /^Open record/ }).first().click()
  await page.getByText('"summary":').waitFor()
  await look(page, 'record')
  await page.goBack()
  await page.getByLabel('View as').selectOption({ label: 'Reader' })
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('records in sight of Reader').waitFor()
  await page.getByLabel('Path').fill('company/companies')
  await page.getByLabel('Conditions').fill('')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('Denied: needs Companies / Company Maintenance').waitFor()
  await page.getByLabel('Path').fill('service/tickets')
  await page.getByLabel('Conditions').fill('nonsense = 1')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('not a recognized name').waitFor()
  await look(page, 'data-wrong')
})

test('a role is copied, renamed, refused while in use, and deleted', async () => {
  await page.goto(at('roles?search=Reader'))
  await page.getByRole('link', { name: 'Delete Reader' }).click()
  await page.getByRole('button', { name: 'Delete the role' }).click()
  await page.getByRole('alert').waitFor()
  await look(page, 'role-in-use')
  await page.goto(at('roles?search=Reader'))
  await page.getByRole('link', { name: 'Copy Reader' }).click()
  await page.getByLabel('Role ID').fill('Reader')
  await page.getByRole('button', { name: 'Save' }).click()
  assert.ok(await page.locator('.bad').count(), 'a name that is taken is told beside the field')
  await page.getByLabel('Role ID').fill('Reader again')
  await page.getByRole('button', { name: 'Save' }).click()
  assert.equal(await page.getByLabel('Service Desk / Service Tickets: Inquire').inputValue(), 'All')
  await page.getByLabel('Role ID').fill('Second reader')
  await page.getByRole('button', { name: 'Save and Close' }).click()
  await page.goto(at('roles?search=Second'))
  await page.getByRole('link', { name: 'Delete Second reader' }).click()
  await look(page, 'role-delete')
  await page.getByRole('button', { name: 'Delete the role' }).click()
  await page.getByText('Second reader is deleted.').waitFor()
})

test('a deleted key opens nothing from the next call on', async () => {
  await page.goto(at('members'))
  await look(page, 'members')
  await page.getByRole('link', { name: 'Reader', exact: true }).first().click()
  await page.getByRole('link', { name: 'API Keys' }).click()
  await page.getByRole('link', { name: 'Delete key Reader integration' }).click()
  await page.getByRole('button', { name: 'Delete the key' }).click()
  await page.getByText('The key is deleted').waitFor()
  assert.equal((await call(pair, '/service/tickets')).status, 401)
})

test('a member without its required fields is told beside them', async () => {
  await page.goto(at('members/new'))
  await look(page, 'member-new')
  await page.getByLabel('Member ID').fill('reader')
  await page.getByLabel('Member Name').fill('Twice')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('The securityRole field is required.').waitFor()
  await page.getByLabel('Role ID').selectOption({ label: 'Reader' })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  assert.ok(await page.locator('.field.bad').count(), 'an identifier that is taken is told')
  await look(page, 'member-error')
})

test('an integration is planned, and its role is made from the plan', async () => {
  await page.goto(at('integrations'))
  await page.getByLabel('Search').fill('umbrella')
  await page.getByRole('link', { name: /Umbrella/ }).first().click()
  await page.getByRole('heading', { name: 'Cisco Umbrella' }).waitFor()
  await look(page, 'integration')
  await page.getByLabel('Role ID').fill('Umbrella as planned')
  await page.getByRole('button', { name: 'Make the role' }).click()
  await page.getByText('holds exactly what Cisco Umbrella asks for').waitFor()
  await page.getByText('3 allowed').waitFor()
  assert.equal(await page.getByLabel('Companies / Configurations: Edit').inputValue(), 'All')
  await page.goto(at('integrations/propel'))
  await page.getByLabel('Against the role').selectOption({ label: 'Umbrella as planned' })
  await page.getByRole('button', { name: 'Show the plan' }).click()
  assert.ok(await page.locator('.plus').count())
  assert.ok(await page.locator('.minus').count())
  await look(page, 'integration-plan')
  await page.getByRole('button', { name: 'Set Umbrella as planned to exactly this' }).click()
  await page.getByText('15 allowed').waitFor()
})

test('a further instance is made and keeps its own roles', async () => {
  await page.goto(at('instances/new'))
  await look(page, 'instance-new')
  await page.getByLabel('Company ID').fill('no blanks')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('is no company id').waitFor()
  await page.getByLabel('Company ID').fill('second')
  await page.getByLabel('Fill it with the demo company').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('second is made.').waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Open second' }).click()
  await page.getByRole('link', { name: 'Security Roles' }).first().click()
  assert.equal(await page.getByRole('link', { name: 'Reader', exact: true }).count(), 0)
})

test('settings are kept, and instances are listed', async () => {
  await page.goto(at('instances'))
  await look(page, 'instances')
  await page.getByLabel('tokens').selectOption('own')
  await page.getByLabel('default-board').fill('4711')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.field.bad').getByText('There is no service board 4711').waitFor()
  assert.equal(await page.getByLabel('tokens').inputValue(), 'own', 'what was chosen stays in the form')
  await page.getByLabel('default-board').fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  assert.equal(await page.getByLabel('tokens').inputValue(), 'own')
  await page.goto(`${facts.http}/console/password`)
  await look(page, 'password')
})

test('the API description lists paths with their rights and is valid JSON', async () => {
  await page.goto(`${facts.http}/docs?area=service`)
  await look(page, 'docs')
  await page.getByRole('link', { name: '/service/boards', exact: true }).click()
  await page.getByText('System / Table Setup with Service / Service Board').first().waitFor()
  await look(page, 'docs-entity')
  const whole = JSON.parse((await ask(`${facts.http}/docs/openapi.json`)).text)
  assert.equal(whole.paths['/service/tickets'].get['x-right'], 'Service Desk / Service Tickets')
  assert.ok(Object.keys(whole.paths).length > 1000)
})

test('what is not there says so', async () => {
  for (const path of ['roles/999999', 'roles/x', 'members/999999', 'integrations/nothing', 'activity/ffffffff', 'nowhere']) {
    assert.equal((await page.goto(at(path))).status(), 404, path)
  }
  await look(page, 'not-found')
})

test('the keyboard alone skips to the content and reaches the first role', async () => {
  await page.goto(at('roles'))
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '+ New Item')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'New Security Role' }).waitFor()
})

test('MSPCFO by keyboard alone: role, level, member and key', async () => {
  // Goes on with Tab until the element of this name has the focus.
  const tabTo = async (selector, name) => {
    for (let step = 0; step < 400; step += 1) {
      await page.keyboard.press('Tab')
      const found = await page.evaluate(([selector, name]) => {
        const element = document.activeElement
        if (!element.matches(selector)) return false
        const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent
        return label.trim().replace(/^\+ | \*$/g, '') === name
      }, [selector, name])
      if (found) return
    }
    assert.fail(`the keyboard does not reach ${name}`)
  }
  const enter = () => page.keyboard.press('Enter')
  await page.goto(at())
  await tabTo('a', 'Security Roles')
  await enter()
  await page.getByRole('heading', { name: 'Security Roles', level: 1 }).waitFor()
  await tabTo('a', 'New Item')
  await enter()
  await page.getByRole('heading', { name: 'New Security Role' }).waitFor()
  await tabTo('input', 'Role ID')
  await page.keyboard.type('Keyboard')
  await enter()
  await page.getByText('Every level is None').waitFor()
  await tabTo('summary', 'System 11 rows')
  await enter()
  await tabTo('select', 'System / API Reports: Inquire')
  await page.keyboard.press('End')
  await page.keyboard.press('Shift+Tab')
  await page.evaluate(() => scrollTo(0, 0))
  await page.locator('#main').focus()
  await tabTo('button', 'Save and Close')
  await enter()
  await page.getByText('Saved. The role holds').waitFor()
  await tabTo('a', 'Members')
  await enter()
  await page.getByRole('heading', { name: 'Members', level: 1 }).waitFor()
  await tabTo('a', 'New Item')
  await enter()
  await page.getByRole('heading', { name: 'New API Member' }).waitFor()
  await tabTo('input', 'Member ID')
  await page.keyboard.type('Keyboard')
  await tabTo('input', 'Member Name')
  await page.keyboard.type('Keyboard')
  await tabTo('select', 'Role ID')
  await page.keyboard.type('Keyboard')
  await tabTo('input', 'Email')
  await enter()
  await page.getByText('Saved.').waitFor()
  await tabTo('a', 'API Keys')
  await enter()
  await page.getByRole('link', { name: 'New Item' }).waitFor()
  await tabTo('a', 'New Item')
  await enter()
  await page.getByRole('heading', { name: 'New API Key' }).waitFor()
  await tabTo('input', 'Description')
  await page.keyboard.type('by keyboard')
  await enter()
  await page.getByText('Copy both keys now.').waitFor()
  const made = {
    publicKey: await page.getByLabel('Public Key', { exact: true }).inputValue(),
    privateKey: await page.getByLabel('Private Key', { exact: true }).inputValue(),
  }
  assert.equal((await call(made, '/system/reports?pageSize=1')).status, 200)
  assert.equal((await call(made, '/service/tickets')).status, 403)
})

test("a row's menu of Autotask opens and shuts by keyboard", async () => {
  await page.goto(autotask('levels'))
  const menu = page.locator('.popup').first()
  await menu.locator('summary').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Security Level$/)
  await page.keyboard.press('Escape')
  assert.equal(await menu.getAttribute('open'), null)
})

test('a customize dialog by keyboard alone: it keeps the focus, gives it back, and what is chosen is kept', async () => {
  await page.goto(at())
  await newRole(page, 'Dialog by keyboard')
  await page.locator('summary').filter({ hasText: /^System/ }).press('Enter')
  const opener = page.getByRole('row', { name: /^Table Setup/ }).getByRole('button', { name: /^customize/ })
  const active = () => page.evaluate(() => ({ inside: Boolean(document.activeElement.closest('dialog')), outline: getComputedStyle(document.activeElement).outlineStyle }))
  const dialog = page.getByRole('dialog')
  await opener.press('Enter')
  await dialog.waitFor()
  await look(page, 'customize-everything')
  // Twice around: nothing behind the dialog gets the focus (the body stands for the browser's own bars).
  for (let step = 0; step < 24; step += 1) {
    await page.keyboard.press('Tab')
    const { inside, outline } = await active()
    const outside = await page.evaluate(() => document.activeElement !== document.body)
    assert.ok(inside || !outside, 'the focus left the dialog')
    if (inside) assert.notEqual(outline, 'none', 'the focus is seen')
  }
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus is back')
  await page.keyboard.press('Enter')
  await dialog.waitFor()
  await dialog.getByRole('button', { name: 'Disallow all' }).press('Enter')
  await dialog.getByLabel('Disallow', { exact: true }).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+ArrowDown')
  await dialog.getByRole('button', { name: 'Allow', exact: true }).press('Space')
  assert.equal(await dialog.getByLabel('Allow access to these').locator('option').count(), 2)
  await dialog.getByRole('button', { name: 'Save' }).press('Enter')
  await page.getByText('The list is saved.').waitFor()
  assert.ok(await page.getByText('The list is saved.').evaluate((element) => {
    const box = element.getBoundingClientRect()
    return box.top >= 0 && box.bottom <= innerHeight
  }), 'the message is in sight, wherever the row is')
  assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus is back')
  await page.getByText('2 allowed').waitFor()
})

test('a window that is widened has its menu', async () => {
  const other = await open({ viewport: { width: 390, height: 844 } })
  try {
    await signIn(other.page)
    const link = other.page.getByRole('link', { name: 'Audit', exact: true })
    assert.equal(await link.isVisible(), false, 'shut on a phone')
    await other.page.setViewportSize({ width: 1280, height: 860 })
    await link.waitFor()
  } finally {
    await other.close()
  }
})

for (const [name, options] of [
  ['phone', { viewport: { width: 375, height: 760 } }],
  ['wider-phone', { viewport: { width: 390, height: 844 } }],
  ['dark', { colorScheme: 'dark' }],
]) {
  test(`pages at ${name}: nothing sticks out, nothing is unreadable`, async () => {
    const other = await open(options)
    try {
      await signIn(other.page)
      await other.page.goto(at('roles?search=Umbrella'))
      await other.page.locator('main tbody a').first().click()
      await look(other.page, `role-${name}`)
      if (name !== 'dark') {
        const cells = other.page.locator('.matrix').first().locator('tbody tr').first().locator('select')
        for (const cell of await cells.all()) {
          const { x, width } = await cell.boundingBox()
          assert.ok(x >= 0 && x + width <= other.page.viewportSize().width, 'all four levels of a row are in sight')
        }
      }
      await other.page.getByRole('button', { name: /^customize/ }).locator('visible=true').first().click()
      await other.page.getByRole('dialog').waitFor()
      await look(other.page, `customize-${name}`)
      const at_ = ['', 'features', 'levels', 'levels/1', 'levels/1/copy', 'resources', 'resources/1', 'resources/1/lines', 'resources/new', 'integrations/propel', 'integrations/propel/connect', 'integrations/propel/verify', 'activity', 'data?path=Tickets', 'instances']
      for (const path of at_) {
        await other.page.goto(autotask(path))
        const wide = await other.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(wide <= 0, `Autotask ${path} is ${wide} pixels too wide`)
        await look(other.page, `at-${path.replace(/\W+/g, '-') || 'overview'}-${name}`)
      }
      const [{ id: member }] = (await call(admin, `/system/members?conditions=${encodeURIComponent('identifier="Umbrella"')}`)).body
      for (const path of ['', 'roles', 'roles/new', 'members', 'members?tab=members', 'members/new', `members/${member}`, `members/${member}/keys`, `members/${member}/keys/new`, 'integrations', 'integrations/umbrella', 'integrations/umbrella/connect', 'integrations/umbrella/connect/member', 'integrations/umbrella/connect/plan', 'integrations/umbrella/verify', 'integrations/umbrella/guide', 'integrations/umbrella/side', 'integrations/commvault', 'audit', 'audit/keys', 'audit/members/Umbrella', 'activity', 'data?path=service/tickets', 'instances', 'instances/new', 'instances/reset', 'instances/faults/new']) {
        await other.page.goto(at(path))
        if (path === 'audit') await other.page.locator('main table').waitFor()
        const wide = await other.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(wide <= 0, `${path} is ${wide} pixels too wide`)
        await look(other.page, `${path.replace(/\W+/g, '-').replace(member, 'one') || 'overview'}-${name}`)
      }
      await other.page.goto(at('activity?decision=denied'))
      await other.page.locator('#calls a').first().click()
      await look(other.page, `call-${name}`)
      for (const path of ['docs', 'docs?area=service', 'docs/entity/service/tickets', 'docs/autotask', 'console/password']) {
        await other.page.goto(`${facts.http}/${path}`)
        const wide = await other.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(wide <= 0, `${path} is ${wide} pixels too wide`)
        await look(other.page, `${path.replace(/\W+/g, '-')}-${name}`)
      }
    } finally {
      await other.close()
    }
    assert.deepEqual(other.faults, [])
  })
}
