// Signing in: the first visit, the one-time link, forms from elsewhere, a session that ended.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PASSWORD, ask, at, facts, look, open, signIn } from './browser.js'

let browser, page
before(async () => {
  browser = await open()
  page = browser.page
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

test('nothing is shown before signing in', async () => {
  for (const path of ['', 'roles', 'members', 'data', 'activity', 'instances', 'integrations']) {
    await page.goto(at(path))
    assert.match(page.url(), /\/console\/sign-in$/, path)
  }
})

test('the one-time link signs in once', async () => {
  const visitor = await open()
  await visitor.page.goto(facts.console)
  await visitor.page.getByRole('navigation', { name: 'Console' }).waitFor()
  await visitor.page.getByRole('button', { name: 'Sign out' }).click()
  const again = await visitor.page.goto(facts.console)
  assert.equal(again.status(), 403)
  await visitor.close()
})

test('a first visit without its own form, or under another name of the host, sets nothing', async () => {
  const answer = await ask(`${facts.http}/console/first`, { method: 'POST', body: 'password=taken over by me&again=taken over by me' })
  assert.notEqual(answer.headers.get('location'), '/console/')
  assert.doesNotMatch(answer.headers.get('set-cookie') ?? '', /session/)
  const elsewhere = await ask(`${facts.http}/console/first`, { headers: { 'x-forwarded-host': 'console.example.com' } })
  assert.equal(elsewhere.status, 403)
  assert.match(elsewhere.text, /one-time link/)
})

test('the first visit sets the password, and a short or different one is told beside the field', async () => {
  await page.goto(`${facts.http}/console/`)
  await page.getByRole('heading', { name: "Set the administrator's password" }).waitFor()
  await page.locator('#password').fill('short')
  await page.locator('#again').fill('short')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('Use at least').waitFor()
  await page.locator('#password').fill(PASSWORD)
  await page.locator('#again').fill(`${PASSWORD}x`)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('The two passwords differ.').waitFor()
  await look(page, 'first-visit')
  await signIn(page)
})

test('a form from elsewhere does nothing', async () => {
  const cookies = await browser.context.cookies()
  const session = cookies.find(({ name }) => name.startsWith('bitting-session'))
  assert.ok(session.httpOnly && session.sameSite === 'Strict')
  const cookie = `${session.name}=${session.value}`
  const post = (headers, body = 'name=Evil') =>
    ask(at('roles/new'), { method: 'POST', body, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers } })
  assert.equal((await post({})).status, 403, 'no token')
  assert.equal((await post({ 'x-csrf': 'a'.repeat(32) })).status, 403, 'a wrong token')
  assert.equal((await post({}, 'csrf=&name=Evil')).status, 403, 'an empty token')
  const token = await page.locator('input[name=csrf]').first().inputValue()
  assert.equal((await post({ 'x-csrf': token, origin: 'https://evil.example' })).status, 403, 'another origin')
  assert.equal((await post({ 'x-csrf': token, origin: 'null' })).status, 403, 'no origin')
  assert.equal((await post({ 'x-csrf': token, 'sec-fetch-site': 'cross-site' })).status, 403, 'another site')
  await page.goto(at('roles?search=Evil'))
  assert.equal(await page.getByText('Evil', { exact: true }).count(), 0)
  assert.equal((await post({ 'x-csrf': token }, 'name=')).status, 422, 'the real page gets through to the check of its fields')
})

test('every answer carries the policy, and no page may be framed or kept', async () => {
  for (const path of ['/console/sign-in', '/docs', '/console/assets/htmx.js', '/console/nowhere']) {
    const { headers } = await ask(`${facts.http}${path}`)
    assert.match(headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; /, path)
    assert.doesNotMatch(headers.get('content-security-policy'), /unsafe|\*|https?:/, path)
    assert.equal(headers.get('x-frame-options'), 'DENY', path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
  }
  const { headers } = await ask(`${facts.http}/console/sign-in`)
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('a session that ended asks to sign in again', async () => {
  await page.goto(at('roles'))
  await browser.context.clearCookies()
  await page.reload()
  assert.match(page.url(), /\/console\/sign-in$/)
  await look(page, 'sign-in')
})
