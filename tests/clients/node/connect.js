// The client library with one of the server's keys, constructed as its own README says.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const { ManageAPI, utils } = createRequire(import.meta.url)('connectwise-rest')
export const facts = JSON.parse(readFileSync(process.env.BITTING_READY_FILE, 'utf8'))

/** @param {'admin' | 'least'} who @param {object} [changes] options that differ for one test */
export function connect(who, changes = {}) {
  const { company, client_id: clientId, [who]: pair } = facts.connectwise
  return new ManageAPI({
    companyId: company,
    companyUrl: new URL(facts.https).host,
    publicKey: pair.public_key,
    privateKey: pair.private_key,
    clientId,
    logger: () => {},
    ...changes,
  })
}

/** The status of a call that must fail; the library throws a plain object with it. */
export async function statusOf(call) {
  try {
    await call
  } catch (error) {
    return error.status
  }
  return 'no error'
}
