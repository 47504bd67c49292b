// Scenarios of the unmodified @apigrate/autotask-restapi against the Autotask database of a running server.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const { AutotaskRestApi, FilterOperators } = createRequire(import.meta.url)('@apigrate/autotask-restapi')
const { autotask: facts } = JSON.parse(readFileSync(process.env.BITTING_READY_FILE, 'utf8'))

/** @param {'admin' | 'least'} who @param {object} [changes] credentials that differ for one test */
function connect(who, changes = {}) {
  const { username, secret, integration_code: code } = { ...facts[who], ...changes }
  return new AutotaskRestApi(username, secret, code, { base_url: facts.base_url })
}

const admin = connect('admin')
const least = connect('least')
const everything = { filter: [{ op: FilterOperators.gte, field: 'id', value: 0 }] }

/** The status and the sentences of a call that must fail. */
async function failure(call) {
  try {
    await call
  } catch (error) {
    return { status: error.status, says: error.details?.errors?.[0] }
  }
  return 'no error'
}

test('the zone is found without credentials, and the own company has the id 0', async () => {
  const { item } = await admin.Companies.get(0)
  assert.equal(item.companyName, 'Bitting Managed Services')
  assert.equal(admin.zoneInfo.url, facts.base_url)
})

test('a query answers items and page details, and a count agrees', async () => {
  const page = await admin.Tickets.query({ ...everything, MaxRecords: 10, IncludeFields: ['id', 'Title'] })
  assert.equal(page.items.length, 10)
  assert.deepEqual(Object.keys(page.items[0]).sort(), ['id', 'title', 'userDefinedFields'])
  assert.equal(page.pageDetails.requestCount, 10)
  const { queryCount } = await admin.Tickets.count(everything)
  assert.ok(queryCount > 10)
  const next = await fetch(page.pageDetails.nextPageUrl, {
    headers: { UserName: facts.admin.username, Secret: facts.admin.secret, ApiIntegrationcode: facts.admin.integration_code },
  })
  assert.ok((await next.json()).items[0].id > page.items[9].id)
})

test('entities describe themselves', async () => {
  const { info } = await admin.Tickets.info()
  assert.equal(info.name, 'Ticket')
  const { fields } = await admin.Tickets.fieldInfo()
  assert.ok(fields.find((field) => field.name === 'status').picklistValues.length > 3)
  const defined = await admin.Tickets.udfInfo()
  assert.equal(defined.fields[0].name, 'Escalated By')
  const { externalRequestThreshold } = await admin.ThresholdInformation.get('')
  assert.equal(externalRequestThreshold, 10000)
})

test('a ticket is made, changed, noted and replaced', async () => {
  const { itemId } = await admin.Tickets.create({ companyID: 0, title: 'Printer', status: 1, priority: 3, description: 'Out of toner' })
  await admin.Tickets.update({ id: itemId, status: 5, userDefinedFields: [{ name: 'Escalated By', value: 'Kim' }] })
  let { item } = await admin.Tickets.get(itemId)
  assert.equal(item.status, 5)
  assert.equal(item.userDefinedFields[0].value, 'Kim')
  await admin.Tickets.replace({ id: itemId, companyID: 0, title: 'Scanner', status: 1, priority: 2 })
  ;({ item } = await admin.Tickets.get(itemId))
  assert.deepEqual([item.title, item.description], ['Scanner', null])
  const note = await admin.TicketNotes.create(itemId, { title: 'n', description: 'd', noteType: 1, publish: 1 })
  const notes = await admin.TicketNotes.query({ filter: [{ op: 'eq', field: 'ticketID', value: itemId }] })
  assert.deepEqual(notes.items.map((one) => one.id), [note.itemId])
})

test('a to-do below the own company is made and deleted', async () => {
  const { itemId } = await admin.CompanyToDos.create(0, {
    actionType: 1,
    assignedToResourceID: 29682886,
    startDateTime: '2026-03-02T09:00:00',
    endDateTime: '2026-03-02T10:00:00',
  })
  await admin.CompanyToDos.delete(0, itemId)
  assert.equal((await admin.CompanyToDos.get(itemId)).item, null)
})

test('an attachment comes with its content below its ticket only', async () => {
  const { items } = await admin.Tickets.query({ ...everything, MaxRecords: 1 })
  const file = { attachmentType: 'FILE_ATTACHMENT', publish: 1, title: 'a', fullPath: 'a.txt', data: 'aGk=' }
  const { itemId } = await admin.TicketAttachments.create(items[0].id, file)
  const one = await admin.TicketAttachments.get(items[0].id, itemId)
  assert.equal(one.items[0].data, 'aGk=')
})

test('wrong input is told in the words of the vendor', async () => {
  assert.deepEqual(await failure(admin.Tickets.create({ companyID: 0, title: 'x', status: 1 })), {
    status: 500,
    says: 'Value does not exist for the required field priority',
  })
  assert.equal((await failure(admin.Tickets.query({ filter: [{ op: 'eq', field: 'nonsense', value: 1 }] }))).says,
    'Unable to find nonsense in the Ticket Entity.')
  assert.equal(await admin.TicketNotes.query.call(null, everything).then((page) => page.items.length > 0), true)
})

test('bad credentials are refused without a word', async () => {
  for (const changes of [{ secret: 'wrong' }, { integration_code: 'wrong' }, { integration_code: facts.least.integration_code }]) {
    assert.equal((await failure(connect('admin', changes).Tickets.get(7653))).status, 401)
  }
})

test('the least user does what its level says', async () => {
  const { items } = await least.Companies.query(everything)
  assert.ok(items.every((company) => [1, 6].includes(company.companyType)))
  const says = (act) => `The logged in Resource does not have the adequate permissions to ${act} this entity type.`
  assert.deepEqual(await failure(least.PurchaseOrders.query(everything)), { status: 500, says: says('query') })
  assert.deepEqual(await failure(least.Tickets.update({ id: 7653, status: 1 })), { status: 500, says: says('update') })
  const { itemId } = await least.Opportunities.create({
    companyID: 0, title: 'Refresh', amount: 10, cost: 5, ownerResourceID: 29682886, probability: 50, stage: 11, status: 1,
    projectedCloseDate: '2026-06-01', startDate: '2026-03-01', createDate: '2026-03-01', useQuoteTotals: false,
  })
  const own = await least.Opportunities.query(everything)
  assert.deepEqual(own.items.map((one) => one.id), [itemId])
})
