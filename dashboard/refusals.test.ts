import { describe, expect, test } from 'vitest'
import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
import { describeFailure, problemInWords, refusalInWords, troubleInWords } from './refusals.ts'
import { makeVisit } from './visit.ts'
import type { Language } from './words/index.ts'

const visit = (language: Language) => makeVisit({ kit: null, language, holder: null, csrf: '' })

describe('what a collector or witness did', () => {
  const slow = {
    what: 'files.example did not answer in time.',
    next: 'It is tried again.',
    code: 'place.slow',
    facts: { host: 'files.example' },
  }

  test('is said in the household’s language', async () => {
    expect(troubleInWords(await visit('de'), slow).what).toBe('files.example hat nicht rechtzeitig geantwortet.')
    expect(troubleInWords(await visit('fr'), slow).what).toBe('files.example n’a pas répondu à temps.')
    expect(troubleInWords(await visit('en'), slow)).toEqual({ what: slow.what, next: slow.next })
  })

  test('without words for it is said as it came, and marked as English', async () => {
    for (const code of [undefined, 'place.new', '', 'constructor', '__proto__']) {
      const { what, next } = troubleInWords(await visit('de'), {
        what: slow.what,
        next: slow.next,
        ...(code !== undefined && { code }),
      })
      expect(String(what)).toBe('<span lang="en">files.example did not answer in time.</span>')
      expect(String(next)).toBe('<span lang="en">It is tried again.</span>')
    }
  })

  test('whose words need a fact that did not come is said as it came', async () => {
    const { facts: _, ...bare } = slow
    expect(String(troubleInWords(await visit('de'), bare).what)).toContain('<span lang="en">files.example did not')
    expect(String(troubleInWords(await visit('de'), { ...bare, facts: { port: 22 } }).what)).toContain('lang="en"')
  })

  test('stands in words within the problem that is listed for it', async () => {
    const { what, next } = slow
    const facts = { ...slow.facts, code: slow.code, where: 'https://files.example/', what, next }
    const problem = { id: 'publishing.collector', what, next, facts }
    const said = problemInWords(await visit('de'), problem)
    expect(said.what).toMatch(/https:\/\/files\.example\/ nimmt nichts an: files\.example hat nicht rechtzeitig/)
    expect(said.next).toContain('noch einmal versucht')
    const { code, ...bare } = facts
    expect(problemInWords(await visit('de'), { ...problem, facts: bare }).what).toContain(what)
  })
})

describe('what the helper refuses', () => {
  const error = {
    code: 'person.reserved',
    message: "'oauth' is an address the server needs itself",
    next: 'Choose another short name.',
    facts: { id: 'oauth' },
  }

  test('is said in the household’s language', async () => {
    expect(describeFailure(await visit('de'), new HelperRefusal(error))).toMatchObject({
      status: 422,
      text: '„oauth“ ist eine Adresse, die der Server selbst braucht.',
    })
    expect(describeFailure(await visit('fr'), new HelperRefusal(error))?.next).toBe('Choisissez un autre nom court.')
    expect(describeFailure(await visit('en'), new HelperRefusal(error))?.text).toBe(error.message)
    const moved = { code: 'disk.move-failed', message: 'The kit could not be copied.', next: 'Try again.' }
    expect(refusalInWords(await visit('de'), moved).what).toContain('konnte nicht auf die Platte kopiert werden')
  })

  test('without words for it is marked as English; a helper that does not answer has words of its own', async () => {
    const odd = new HelperRefusal({ code: 'verb.unknown', message: 'There is no such verb.', next: 'Ask for another.' })
    expect(String(describeFailure(await visit('de'), odd)?.text)).toBe('<span lang="en">There is no such verb.</span>')
    const gone = new HelperRefusal({ code: 'helper.unreachable', message: 'x', next: 'y' })
    expect(describeFailure(await visit('de'), gone)).toMatchObject({ status: 502 })
  })
})

test('the agent’s refusals go by their code as before', async () => {
  const refusal = new AgentRefusal(422, { code: 'plug.silent', message: 'The plug does not answer.', next: 'Look.' })
  expect(describeFailure(await visit('de'), refusal)?.text).toBe('Die Messsteckdose antwortet nicht.')
})
