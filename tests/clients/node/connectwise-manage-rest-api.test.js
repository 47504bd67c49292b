// Scenarios of the unmodified connectwise-manage-rest-api 1.2.0: it looks the codebase up by itself, sends no clientId
// unless told, and takes whatever is no 2xx for an error with the body beside it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { facts } from './connect.js'

const require = createRequire(import.meta.url)
const open = require('connectwise-manage-rest-api')
const normalize = require('connectwise-manage-rest-api/normalize-system-report')

function connect(pair, changes = {}) {
  const { company, client_id: clientId } = facts.connectwise
  return open({
    fqdn: new URL(facts.https).host,
    companyId: company,
    publicKey: pair.public_key,
    privateKey: pair.private_key,
    clientId,
    ...changes,
  })
}

const admin = connect(facts.connectwise.admin)
const refusedWith = (status, code) => (error) => {
  assert.equal(error.response.status, status)
  assert.equal(error.responseBody.code, code)
  return true
}

describe('connectwise-manage-rest-api', () => {
  it('finds the version by the company, and takes one that is given', async () => {
    const { version } = await admin.get('system/info')
    assert.match(version, /^v\d/)
    const given = connect(facts.connectwise.admin, { version: 'v4_6_release' })
    assert.equal((await given.get('system/info')).version, version)
  })

  it('pages through a filter', async () => {
    const conditions = encodeURIComponent('closedFlag=true and board/name="Service Desk"')
    const { count } = await admin.get(`service/tickets/count?conditions=${conditions}`)
    const seen = new Set()
    for (let page = 1, rows; (rows = await admin.get(`service/tickets?conditions=${conditions}&pageSize=50&page=${page}`)).length; page++) {
      rows.forEach((row) => seen.add(row.id))
    }
    assert.equal(seen.size, count)
  })

  it('makes, changes, replaces and deletes a company', async () => {
    const identifier = `rest${process.pid}`
    const [site] = await admin.get('company/companies/1/sites?pageSize=1')
    const made = await admin.post('company/companies', { identifier, name: 'By REST', site: { name: site.name }, types: [{ id: 1 }] })
    assert.equal(made.identifier, identifier)
    const changed = await admin.patch(`company/companies/${made.id}`, [{ op: 'replace', path: 'name', value: 'By hand' }])
    assert.equal(changed.name, 'By hand')
    const replaced = await admin.put(`company/companies/${made.id}`, { ...changed, name: 'By PUT' })
    assert.equal(replaced.name, 'By PUT')
    assert.equal(await admin.delete(`company/companies/${made.id}`), undefined)
    // A company that is deleted stays, marked as such.
    assert.equal((await admin.get(`company/companies/${made.id}`)).deletedFlag, true)
    const note = await admin.post(`company/companies/${made.id}/notes`, { text: 'Gone soon' })
    await admin.delete(`company/companies/${made.id}/notes/${note.id}`)
    await assert.rejects(admin.get(`company/companies/${made.id}/notes/${note.id}`), refusedWith(404, 'NotFound'))
  })

  it('makes objects of a report, by its own normalizer', async () => {
    const rows = normalize(await admin.get('system/reports/Holiday?pageSize=3'))
    assert.equal(rows.length, 3)
    assert.ok(rows.every((row) => row.Holiday_List_Name && row.Holiday_Date))
  })

  it('is told what is wrong with a body, a path, a right and a key', async () => {
    await assert.rejects(admin.post('service/tickets', { summary: 'No company' }), refusedWith(400, 'InvalidObject'))
    await assert.rejects(admin.get('service/tickets/99999999'), refusedWith(404, 'NotFound'))
    const least = connect(facts.connectwise.least)
    await assert.rejects(least.get('finance/invoices'), refusedWith(403, 'Security'))
    const wrong = connect({ public_key: 'nobody', private_key: 'nothing' })
    await assert.rejects(wrong.get('system/info'), refusedWith(401, 'Unauthorized'))
  })
})
