// What a suite of your own may look like: the calls are plain fetch, your code goes in their place.

import { expect, test } from 'vitest'
import { ask, fresh } from './psa.js'

fresh()

const count = async () => (await (await ask('GET', '/service/tickets/count')).json()).count

test('a ticket is created', async () => {
  const [company] = await (await ask('GET', '/company/companies?pageSize=1')).json()
  const body = { summary: 'The printer is on fire', company: { id: company.id } }
  expect((await ask('POST', '/service/tickets', { body })).status).toBe(201)
  expect(await count()).toBe(21)
})

test('the next test finds what the first one found', async () => {
  expect(await count()).toBe(20)
})

test('a right that is missing is named', async () => {
  const refused = await ask('GET', '/service/boards', { who: 'least' })
  expect(refused.status).toBe(403)
  expect(refused.headers.get('x-bitting-denial')).toMatch(/^needs System \/ Table Setup: Inquire/)
})
