// The PSA as tests see it: calls with one of its keys, and the company as it was before each test.

import { afterEach, beforeAll, inject } from 'vitest'

const facts = inject('facts')
const operator = inject('operator')
const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

async function own(verb) {
  const answer = await fetch(`${facts.http}/bitting/apis/3.0/instances/${operator.company}/${verb}`, {
    method: 'POST',
    headers: { authorization: basic(`${operator.company}+operator`, operator.token) },
  })
  if (!answer.ok) throw new Error(`${verb}: ${answer.status} ${await answer.text()}`)
}

/** Brings the company back to where it was, with its keys and roles. */
export const reset = () => own('restore')

/** Takes the company as it is for the start of every test of this file. */
export function fresh() {
  beforeAll(() => own('snapshot'))
  afterEach(reset)
}

/** A call as `admin`, who may do everything, or as `least`, who may do next to nothing. */
export function ask(method, path, { who = 'admin', body } = {}) {
  const { company, client_id: clientId, [who]: pair } = facts.connectwise
  return fetch(`${facts.http}/v4_6_release/apis/3.0${path}`, {
    method,
    headers: {
      authorization: basic(`${company}+${pair.public_key}`, pair.private_key),
      clientId,
      'content-type': 'application/json',
    },
    body: body && JSON.stringify(body),
  })
}
