import { isTimezone } from '../format.ts'
import {
  currencyField,
  languageField,
  type Mistakes,
  mistakeSummary,
  postForm,
  textField,
  timezoneField,
} from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { currencies, type Form, isPersonId, isPersonName, parseServerName } from '../input.ts'
import { checkNewPassword, passwordLength } from '../security/password.ts'
import type { KitVisit } from '../visit.ts'
import { isLanguage } from '../words/index.ts'
import type { ClaimChoices } from './claim-apply.ts'
import { timeFromForm } from './clock.ts'
import { readPrice } from './settings.ts'
import { clockField } from './settings-forms.ts'

/** The text fields of the form, as they were typed. */
const names = ['language', 'timezone', 'currency', 'price', 'naming', 'serverName', 'personId', 'personName'] as const
type Draft = Record<(typeof names)[number], string>

export function emptyDraft(visit: KitVisit): Draft {
  const { language, kit } = visit
  return {
    language,
    timezone: isTimezone(kit.timezone) ? kit.timezone : 'UTC',
    currency: currencies.includes(kit.currency) ? kit.currency : 'EUR',
    price: '',
    naming: '',
    serverName: '',
    personId: '',
    personName: '',
  }
}

export function draftOf(form: Form): Draft {
  return Object.fromEntries(names.map((name) => [name, form.text(name)])) as Draft
}

/** The household's choices, or what is wrong with them. `clockTrusted`: no time is needed from the browser. */
export function readClaim(
  visit: KitVisit,
  form: Form,
  clockTrusted: boolean,
): { choices: ClaimChoices; mistakes?: never } | { choices?: never; mistakes: Mistakes } {
  const { words } = visit
  const draft = draftOf(form)
  const mistakes: Mistakes = {}
  if (!isLanguage(draft.language)) mistakes.language = words.mistakes.choice
  if (!isTimezone(draft.timezone)) mistakes.timezone = words.mistakes.choice
  if (!currencies.includes(draft.currency)) mistakes.currency = words.mistakes.choice
  const price = draft.price === '' ? { value: null, mistake: null } : readPrice(visit, draft.price, draft.currency)
  if (price.mistake) mistakes.price = price.mistake
  Object.assign(mistakes, checkNewPassword(words, form.secret('password'), form.secret('again')))
  const serverName = draft.naming === 'named' ? parseServerName(draft.serverName) : null
  if (draft.naming !== 'named' && draft.naming !== 'trial') mistakes.naming = words.mistakes.eitherOr
  if (draft.naming === 'named' && serverName === null) mistakes.serverName = words.mistakes.serverName
  if (!isPersonId(draft.personId)) mistakes.personId = words.people.idWrong
  if (!isPersonName(draft.personName)) mistakes.personName = words.people.nameWrong
  const epochSeconds = clockTrusted || mistakes.timezone ? null : timeFromForm(form, draft.timezone)
  if (!clockTrusted && epochSeconds === null && form.text('time') !== '') mistakes.time = words.mistakes.time
  if (Object.keys(mistakes).length > 0) return { mistakes }
  return {
    choices: {
      code: form.text('code'),
      language: draft.language,
      timezone: draft.timezone,
      currency: draft.currency,
      pricePerKwh: price.value,
      password: form.secret('password'),
      serverName,
      person: { id: draft.personId, name: draft.personName },
      epochSeconds,
    },
  }
}

/** The questions of the claim, on one page. The code travels along hidden, so that a restart in between loses nothing. */
export function claimForm(
  visit: KitVisit,
  code: string,
  draft: Draft,
  options: { clockTrusted: boolean; mistakes?: Mistakes; notice?: Part },
): Html {
  const { words } = visit
  const { mistakes = {}, notice, clockTrusted } = options
  const plain = { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' }
  return html`<h1>${words.claim.formTitle}</h1>
<p>${words.claim.formLead}</p>
${notice}${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  '/claim/finish',
  html`<input type="hidden" name="code" value="${code}">
<fieldset><legend>${words.claim.household}</legend>
${languageField(words.claim.languageLabel, draft.language, mistakes)}
<div data-guess-timezone>${timezoneField(words.claim.timezoneLabel, draft.timezone, mistakes)}</div>
${currencyField(visit, words.claim.currencyLabel, draft.currency, mistakes)}
${textField({
  name: 'price',
  label: `${words.claim.priceLabel} (${words.common.optional})`,
  hint: words.claim.priceHint,
  value: draft.price,
  mistakes,
  attributes: { inputmode: 'decimal', autocomplete: 'off' },
})}
</fieldset>
<fieldset><legend>${words.claim.owner}</legend>
<p>${words.claim.ownerText}</p>
${textField({
  name: 'password',
  label: words.claim.passwordLabel,
  hint: words.claim.passwordHint(passwordLength.least),
  type: 'password',
  mistakes,
  attributes: { autocomplete: 'new-password', maxlength: passwordLength.most },
})}
${textField({
  name: 'again',
  label: words.claim.passwordAgain,
  type: 'password',
  mistakes,
  attributes: { autocomplete: 'new-password', maxlength: passwordLength.most },
})}
</fieldset>
<fieldset${attribute('aria-describedby', mistakes.naming ? 'naming-mistake' : null)}><legend id="naming" tabindex="-1">${words.claim.server}</legend>
<p>${words.claim.serverText}</p>
${mistakes.naming && html`<p class="mistake" id="naming-mistake">${mistakes.naming}</p>`}
${choice('trial', words.claim.tryFirst, draft.naming)}
<p class="hint">${words.claim.trialText}</p>
${choice('named', words.claim.nameNow, draft.naming)}
${textField({ name: 'serverName', label: words.claim.nameLabel, hint: words.claim.nameHint, value: draft.serverName, mistakes, attributes: plain })}
</fieldset>
<fieldset><legend>${words.claim.person}</legend>
<p>${words.claim.personText}</p>
${textField({ name: 'personId', label: words.claim.idLabel, hint: words.claim.idHint, value: draft.personId, mistakes, attributes: { ...plain, maxlength: 30 } })}
${textField({ name: 'personName', label: words.claim.nameOfPerson, hint: words.claim.nameOfPersonHint, value: draft.personName, mistakes, attributes: { autocomplete: 'name', maxlength: 60 } })}
</fieldset>
${!clockTrusted && html`<fieldset><legend>${words.claim.clock}</legend><p>${words.claim.clockText}</p>${clockField(visit, mistakes)}</fieldset>`}
<p class="hint">${words.claim.finishing}</p>
<button>${words.claim.finish}</button>`,
)}`
}

function choice(value: string, label: string, chosen: string): Html {
  return html`<label class="choice" for="naming-${value}"><input type="radio" id="naming-${value}" name="naming" value="${value}"${attribute('checked', value === chosen)}> ${label}</label>`
}
