// Guessing: last of all, since it locks this machine's address out.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PASSWORD, facts, look, open } from './browser.js'

let browser, page
before(async () => {
  browser = await open()
  page = browser.page
})
after(async () => {
  await browser.close()
  assert.deepEqual(browser.faults, [])
})

test('repeated wrong passwords lock the address out, the right one too', async () => {
  await page.goto(`${facts.http}/console/sign-in`)
  for (let tries = 0; tries < 5; tries += 1) {
    await page.getByLabel("Administrator's password").fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The password is wrong.').waitFor()
  }
  await page.getByLabel("Administrator's password").fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Too many wrong passwords').waitFor()
  await look(page, 'locked')
})
