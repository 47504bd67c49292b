// Scenarios of the unmodified connectwise-rest 1.3.0, over https with the server's own authority.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { connect, statusOf, utils } from './connect.js'

const admin = connect('admin')
const least = connect('least')
let company

before(async () => {
  ;[company] = await admin.CompanyAPI.getCompanyCompanies({ conditions: 'deletedFlag=False', pageSize: 1 })
})

const newTicket = (summary = 'Screen stays black') =>
  admin.ServiceAPI.postServiceTickets({ summary, company: { id: company.id } })

describe('reading', () => {
  it('finds a version in the system info', async () => {
    const { version } = await admin.SystemAPI.getSystemInfo()
    assert.match(version, /^v\d+(\.\d+){1,3}$/)
  })

  it('has what the library\'s own suite asks of a ticket', async () => {
    const [ticket] = await admin.ServiceAPI.getServiceTickets({ pageSize: 1 })
    assert.ok(ticket.id && ticket.summary && ticket._info.dateEntered)
    const one = await admin.ServiceAPI.getServiceTicketsById(ticket.id)
    assert.equal(one.id, ticket.id)
  })

  it('answers 404 for the item associations of an unknown board', async () => {
    const call = admin.ServiceAPI.getServiceBoardsByGrandparentIdItemsByParentIdAssociations(9999, 9999)
    assert.equal(await statusOf(call), 404)
  })

  it('filters, and counts alike', async () => {
    const conditions = `company/id=${company.id} and closedFlag=false`
    const rows = await admin.paginate(admin.ServiceAPI.getServiceTickets, { pageSize: 100 }, { conditions })
    const { count } = await admin.ServiceAPI.getServiceTicketsCount({ conditions })
    assert.equal(rows.length, count)
    assert.ok(rows.every((row) => row.company.id === company.id && row.closedFlag === false))
  })

  it('takes ids in a list, one to a page', async () => {
    const some = await admin.CompanyAPI.getCompanyCompanies({ pageSize: 3, orderBy: 'id desc' })
    const ids = some.map((row) => row.id)
    const conditions = `id in (${ids.join(',')})`
    const rows = await admin.paginate(admin.CompanyAPI.getCompanyCompanies, { pageSize: 1 }, { conditions })
    assert.deepEqual(rows.map((row) => row.id), [...ids].sort((a, b) => a - b))
  })

  it('refuses an unknown field in conditions', async () => {
    await assert.rejects(admin.ServiceAPI.getServiceTickets({ conditions: 'nosuch=1' }), (error) => {
      assert.equal(error.status, 400)
      assert.equal(error.data.code, 'ApiFindCondition')
      return true
    })
  })

  it('selects fields', async () => {
    const [row] = await admin.CompanyAPI.getCompanyCompanies({ pageSize: 1, fields: 'id,name' })
    assert.deepEqual(Object.keys(row).sort(), ['id', 'name'])
  })

  it('turns a report into rows', async () => {
    const report = await admin.SystemAPI.getSystemReportsByReportName('Company', { pageSize: 5 })
    const rows = utils.reportInterpolate(report)
    assert.equal(rows.length, 5)
    assert.equal(Object.keys(rows[0]).length, report.column_definitions.length)
    assert.ok(report.column_definitions.every((definition) => Object.keys(definition).length === 1))
  })
})

describe('paging through', () => {
  const lists = {
    companies: [admin.CompanyAPI.getCompanyCompanies, admin.CompanyAPI.getCompanyCompaniesCount],
    contacts: [admin.CompanyAPI.getCompanyContacts, admin.CompanyAPI.getCompanyContactsCount],
    tickets: [admin.ServiceAPI.getServiceTickets, admin.ServiceAPI.getServiceTicketsCount],
    opportunities: [admin.SalesAPI.getSalesOpportunities, admin.SalesAPI.getSalesOpportunitiesCount],
    activities: [admin.SalesAPI.getSalesActivities, admin.SalesAPI.getSalesActivitiesCount],
    agreements: [admin.FinanceAPI.getFinanceAgreements, admin.FinanceAPI.getFinanceAgreementsCount],
    members: [admin.SystemAPI.getSystemMembers, admin.SystemAPI.getSystemMembersCount],
  }
  for (const [name, [list, counting]] of Object.entries(lists)) {
    it(`finds every one of the ${name}`, async () => {
      const { count } = await counting.call(admin, {})
      assert.ok(count > 0, `the demo has no ${name}`)
      // A size that does not divide the count and one that may, because the helper stops at a short page.
      for (const pageSize of [Math.max(2, Math.ceil(count / 3)), Math.min(1000, count)]) {
        const rows = await admin.paginate(list, { pageSize }, {})
        assert.equal(new Set(rows.map((row) => row.id)).size, count)
        assert.equal(rows.length, count)
      }
    })
  }

  it('finds the communication types by two', async () => {
    const paged = await admin.paginate(admin.CompanyAPI.getCompanyCommunicationTypes, { pageSize: 2, startPage: 1 }, {})
    const whole = await admin.CompanyAPI.getCompanyCommunicationTypes({ pageSize: 50 })
    assert.ok(paged.length >= 3)
    assert.deepEqual(paged, whole)
    assert.ok(paged.every((row) => row.id && row.description && row._info))
  })

  it('starts at a later page', async () => {
    const whole = await admin.CompanyAPI.getCompanyCompanies({ pageSize: 1000, fields: 'id' })
    const rest = await admin.paginate(admin.CompanyAPI.getCompanyCompanies, { startPage: 3, pageSize: 20 }, { fields: 'id' })
    assert.deepEqual(rest, whole.slice(40))
  })
})

describe('writing', () => {
  it('lets a ticket live its life', async () => {
    const made = await newTicket()
    assert.ok(made.id && made.board.id && made.status.id && made.priority.id)
    const changed = await admin.ServiceAPI.patchServiceTicketsById(made.id, [
      { op: 'replace', path: 'summary', value: 'Screen flickers' },
    ])
    assert.equal(changed.summary, 'Screen flickers')
    const replaced = await admin.ServiceAPI.putServiceTicketsById(made.id, { ...changed, summary: 'Replaced' })
    assert.equal(replaced.summary, 'Replaced')
    const note = await admin.ServiceAPI.postServiceTicketsByParentIdNotes(made.id, { text: 'Seen', resolutionFlag: true })
    const notes = await admin.ServiceAPI.getServiceTicketsByParentIdNotes(made.id)
    assert.deepEqual(notes.map((row) => [row.id, row.text, row.resolutionFlag]), [[note.id, 'Seen', true]])
    await admin.ServiceAPI.deleteServiceTicketsById(made.id)
    assert.equal(await statusOf(admin.ServiceAPI.getServiceTicketsById(made.id)), 404)
  })

  it('resolves references by identifier and by name', async () => {
    const ticket = await newTicket()
    const made = await admin.ServiceAPI.postServiceTickets({
      summary: 'By name',
      company: { identifier: company.identifier },
      board: { name: ticket.board.name },
      status: { name: ticket.status.name },
    })
    assert.deepEqual(
      [made.company.id, made.board.id, made.status.id],
      [company.id, ticket.board.id, ticket.status.id],
    )
  })

  it('searches with a body', async () => {
    const { id } = await newTicket()
    const rows = await admin.ServiceAPI.postServiceTicketsSearch({ conditions: `id=${id}` })
    assert.deepEqual(rows.map((row) => row.id), [id])
  })

  it('refuses a second company with the same identifier', async () => {
    const body = { identifier: `Node${process.pid}`, name: 'From Node', city: 'Tampa' }
    const made = await admin.CompanyAPI.postCompanyCompanies(body)
    assert.equal(made.identifier, body.identifier)
    await assert.rejects(admin.CompanyAPI.postCompanyCompanies(body), (error) => {
      assert.equal(error.status, 400)
      assert.deepEqual(error.data.errors.map(({ code, field }) => [code, field]), [['ObjectExists', 'identifier']])
      return true
    })
  })

  it('says which field is wrong', async () => {
    await assert.rejects(newTicket('x'.repeat(101)), (error) => {
      assert.equal(error.status, 400)
      assert.equal(error.data.code, 'InvalidObject')
      assert.deepEqual(error.data.errors.map(({ code, field }) => [code, field]), [['MaxLengthField', 'summary']])
      return true
    })
    assert.equal(await statusOf(admin.ServiceAPI.postServiceTickets({ summary: 'No company' })), 400)
  })

  it('takes a configuration through its bulk-free life', async () => {
    const [type] = await admin.CompanyAPI.getCompanyConfigurationsTypes({ pageSize: 1 })
    const made = await admin.CompanyAPI.postCompanyConfigurations({ name: 'Switch', type: { id: type.id }, company: { id: company.id } })
    const changed = await admin.CompanyAPI.patchCompanyConfigurationsById(made.id, [
      { op: 'replace', path: 'serialNumber', value: 'SN-1' },
    ])
    assert.equal(changed.serialNumber, 'SN-1')
    await admin.CompanyAPI.deleteCompanyConfigurationsById(made.id)
    assert.equal(await statusOf(admin.CompanyAPI.getCompanyConfigurationsById(made.id)), 404)
  })
})

describe('rights', () => {
  it('turns a bad key away', async () => {
    for (const changes of [{ privateKey: 'wrong' }, { publicKey: 'wrong' }]) {
      assert.equal(await statusOf(connect('admin', changes).ServiceAPI.getServiceTickets()), 401)
    }
  })

  it('gives the admin all of mySecurity', async () => {
    const rows = await admin.SystemAPI.getSystemMySecurity({ pageSize: 1000 })
    assert.ok(rows.length >= 72)
    assert.deepEqual([...new Set(rows.map((row) => row.inquireLevel))], ['All'])
  })

  const actions = {
    'Company Maintenance': () => least.CompanyAPI.getCompanyCompanies(),
    Contacts: () => least.CompanyAPI.getCompanyContacts(),
    'Service Tickets': () => least.ServiceAPI.getServiceTickets(),
    Agreements: () => least.FinanceAPI.getFinanceAgreements(),
    'Member Maintenance': () => least.SystemAPI.getSystemMembers(),
  }
  for (const [action, call] of Object.entries(actions)) {
    it(`lets the least key read as its row ${action} says`, async () => {
      const rows = await least.SystemAPI.getSystemMySecurity({ pageSize: 1000 })
      const row = rows.find((one) => [one.moduleFunctionName, one.moduleFunctionDescription].includes(action))
      assert.ok(row, `mySecurity has no row ${action}`)
      const denied = (row.inquireLevel ?? 'None') === 'None'
      assert.equal(await statusOf(call()), denied ? 403 : 'no error')
    })
  }

  it('denies with the vendor\'s own words', async () => {
    const denials = []
    for (const call of Object.values(actions)) {
      await call().catch((error) => denials.push(error))
    }
    assert.ok(denials.length > 0, 'the least key is denied nothing')
    for (const { status, data } of denials) {
      assert.deepEqual(
        [status, data.code, data.message],
        [403, 'Security', 'You do not have security permission to perform this action.'],
      )
    }
  })

  it('lists for the least key exactly what it may get', async () => {
    const all = await admin.paginate(admin.CompanyAPI.getCompanyCompanies, { pageSize: 1000 }, { fields: 'id' })
    let listed
    try {
      const rows = await least.paginate(least.CompanyAPI.getCompanyCompanies, { pageSize: 1000 }, { fields: 'id' })
      listed = new Set(rows.map((row) => row.id))
    } catch (error) {
      assert.equal(error.status, 403)
      listed = new Set()
    }
    for (const { id } of all.filter((_, at) => at % 9 === 0)) {
      const status = await statusOf(least.CompanyAPI.getCompanyCompaniesById(id))
      assert.equal(status === 'no error', listed.has(id), `company ${id}: ${status}`)
    }
  })
})
