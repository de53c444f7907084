import type { FastifyInstance } from 'fastify'
import type { PersonShare, SharedBill, Shares } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { type Html, html, type Part } from '../html.ts'
import { monthName } from '../months.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { billTable } from './costs.ts'
import { accountOf, forMembers, memberBody, ownParty } from './my-page.ts'

/** What a member sees first: their share of the month, and what it is a share of. */
export function addMyLine(app: FastifyInstance, services: Services): void {
  app.get('/my', forMembers, async (request, reply) => {
    const { visit } = request
    const party = await ownParty(services, visit)
    const [shares, { own, toAnswer }] = await Promise.all([
      services.agent.ownShare(accountOf(visit)),
      services.agent.memberHours(party.id),
    ])
    const { title } = visit.words.my.line
    const asked = own.filter(({ needsAnswer }) => needsAnswer).length
    const body = html`<h1>${title}</h1>
${asked > 0 && askNotice(visit, visit.words.my.ask(asked))}
${toAnswer.length > 0 && askNotice(visit, visit.words.my.askConfirmed(toAnswer.length))}
${lineOf(visit, shares)}
${storage(visit, shares.uploads)}`
    return reply.page({ title, place: 'line', body: memberBody(visit, body) })
  })
}

function askNotice({ words }: Visit, what: string): Html {
  return html`<div class="notice note" role="status"><p>${what} <a href="/my/hours">${words.my.askLink}</a></p></div>`
}

function lineOf(visit: Visit, { month, rule, people, bills }: Shares): Part {
  const { words } = visit
  const say = words.my.line
  const [soFar, expected] = [bills.find(isSoFar), bills.find((bill) => !isSoFar(bill))]
  const [mine, mineSoFar] = [expected?.shares[0], soFar?.shares[0]]
  if (!soFar || !expected || !mine || !mineSoFar || soFar.lines.length === 0) return html`<p>${say.noPrices}</p>`
  return html`<p>${monthName(visit, month)} · ${say.share}:</p>
<p class="big">${aboutMoney(visit, mine.range, expected.powerClass)}</p>
<dl class="pairs">
${parts(visit, mine)}
<div><dt>${say.shareSoFar}</dt><dd>${aboutMoney(visit, mineSoFar.range)}</dd></div>
<div><dt>${say.bill}</dt><dd>${aboutMoney(visit, expected.total)}</dd></div>
<div><dt>${say.billSoFar}</dt><dd>${aboutMoney(visit, soFar.total)}</dd></div>
</dl>
<p>${say.among(people)} ${words.shares.ruleText[rule]} ${words.shares.never}</p>
<p class="hint">${say.only}</p>
<h2>${say.lines}</h2>
${billTable(visit, soFar)}`
}

function isSoFar({ state }: SharedBill): boolean {
  return state === 'so-far'
}

/** Where the share comes from, if the rule has more than one part. */
function parts(visit: Visit, { parts }: PersonShare): Part {
  const say = visit.words.my.line
  if (parts.length < 2) return null
  return parts.map(
    ({ by, range }) =>
      html`<div><dt>${by === 'bytes' ? say.bytesPart : say.equalPart}</dt><dd>${aboutMoney(visit, range)}</dd></div>`,
  )
}

function storage({ words, format }: Visit, uploads: Shares['uploads']): Part {
  const title = html`<h2>${words.my.line.storage}</h2>`
  if (!uploads) return [title, html`<p>${words.shares.notCounted}</p>`]
  const own = Object.values(uploads.own).reduce((sum, bytes) => sum + bytes, 0)
  return [
    title,
    html`<dl class="pairs">
<div><dt>${words.my.line.own}</dt><dd>${format.bytes(own)}</dd></div>
<div><dt>${words.my.line.shared}</dt><dd>${format.bytes(uploads.shared)}</dd></div>
</dl>
<p class="hint">${words.storage.counted(format.dayAndTime(uploads.at))}</p>`,
  ]
}
