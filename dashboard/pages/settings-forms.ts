import type { AgentSettings, Dated, OtherLoad } from '#agent/api.ts'
import { sinceEver, tariffsOf } from '#agent/costs/tariff.ts'
import { asTyped } from '../amounts.ts'
import {
  currencyField,
  languageField,
  type Mistakes,
  mistakeSummary,
  postForm,
  selectField,
  textField,
  timezoneField,
} from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { dayName, today } from '../months.ts'
import { passwordLength } from '../security/password.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { languages } from '../words/index.ts'
import { inForce } from './tariffs-read.ts'

/** What a form that came back had in it, and what was wrong; empty for a page that was only opened. */
export interface SettingsDraft {
  /** The section the person was in: it is open and comes back with what was typed. */
  section?: SectionName
  values?: Record<string, string>
  mistakes?: Mistakes
  notice?: Part
}

export type SectionName =
  | 'household'
  | 'electricity'
  | 'plug'
  | 'other-costs'
  | 'server-name'
  | 'kit-name'
  | 'password'
  | 'clock'

/** @param otherName what the kit could be called where another device has its name; else null */
export function settingsBody(
  visit: KitVisit,
  settings: AgentSettings | null,
  clockTrusted: boolean,
  otherName: string | null,
  draft: SettingsDraft,
): Html {
  const { words } = visit
  const page = new SettingsPage(visit, draft)
  return html`<h1>${words.settings.title}</h1>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
${!clockTrusted && page.clock()}
${settings && [page.electricity(settings), page.plug(settings), page.otherCosts(settings)]}
${page.household()}
${page.serverName()}
${page.kitName(otherName)}
${page.password()}
${page.switchOff()}`
}

/** The sections of the page, folded under their titles and present values; each is one form that is saved by itself. */
class SettingsPage {
  readonly #visit: KitVisit
  readonly #draft: SettingsDraft

  constructor(visit: KitVisit, draft: SettingsDraft) {
    this.#visit = visit
    this.#draft = draft
  }

  electricity(settings: AgentSettings): Html {
    const { words, format } = this.#visit
    const { pricePerKwh, currency, tariffs } = settings
    if (tariffs !== null) return this.#inEditor('electricity', words.settings.electricity, 'price')
    const present = pricePerKwh === null ? null : format.price(pricePerKwh, currency)
    return this.#section('electricity', words.settings.electricity, present, [
      this.#text('electricity', 'price', `${words.settings.price}, ${currency}`, pricePerKwh ?? '', {
        hint: this.#dated(words.settings.priceHint, tariffsOf(settings).power),
        decimal: true,
      }),
      this.#save(),
      tariffsOf(settings).power.length > 0 && this.#fromToday(words.settings.priceFromToday),
      html`<p><a href="/costs/tariffs">${words.tariffs.more}</a></p>`,
    ])
  }

  /** A hint that also says since when what is in the field counts, if not since ever. */
  #dated(hint: string, prices: Dated[]): string {
    const present = inForce(prices, today(this.#visit))
    const isDated = present !== null && present.from !== sinceEver
    const since = isDated && this.#visit.words.settings.priceSince(dayName(this.#visit, present.from))
    return [since, hint].filter(Boolean).join(' ')
  }

  /** Said only where there is a price to change: the first counts since ever. */
  #fromToday(text: string): Html {
    const { settings, tariffs } = this.#visit.words
    return html`<p class="hint">${text} ${settings.priceDays} <a href="/costs/tariffs">${tariffs.link}</a></p>`
  }

  plug(settings: AgentSettings): Html {
    const { words } = this.#visit
    const present = settings.plug?.address ?? ''
    return this.#section('plug', words.settings.plug, present, [
      html`<p>${words.settings.plugText}</p>${present && html`<p><strong>${words.settings.plugNow(present)}</strong></p>`}`,
      this.#text('plug', 'plug', words.settings.plugLabel, present, { hint: words.settings.plugHint }),
      this.#others(settings.plug?.others),
      html`<p class="actions"><button name="action" value="use">${words.settings.plugUse}</button>
<button class="quiet" name="action" value="test">${words.settings.plugTest}</button>
${present && html`<button class="quiet" name="action" value="stop">${words.settings.plugStop}</button>`}</p>`,
    ])
  }

  /** What else hangs on the plug: to be answered before it is used. */
  #others(others: OtherLoad | 'nothing' | undefined): Part {
    const { words } = this.#visit
    const answer = others === undefined || others === 'nothing' ? (others ?? '') : 'something'
    const { name = '', watts = null } = typeof others === 'object' ? others : {}
    const number = (field: string, label: string, present: number | undefined, hint?: string) =>
      this.#text('plug', field, label, present === undefined ? '' : String(present), {
        decimal: true,
        ...(hint ? { hint } : {}),
      })
    return [
      selectField({
        name: 'others',
        label: words.settings.plugOthers,
        value: this.#value('plug', 'others', answer),
        choices: Object.entries(words.settings.plugOthersChoices).map(([value, text]) => ({ value, text })),
        mistakes: this.#draft.mistakes ?? {},
      }),
      this.#text('plug', 'othersName', words.settings.plugOthersName, name, {
        hint: words.settings.plugOthersNameHint,
      }),
      number('othersLow', words.settings.plugOthersLow, watts?.low, words.settings.plugOthersHint),
      number('othersHigh', words.settings.plugOthersHigh, watts?.high),
    ]
  }

  otherCosts(settings: AgentSettings): Html {
    const { words } = this.#visit
    const { currency, hardware, tariffs } = settings
    if (tariffs !== null) return this.#inEditor('other-costs', words.settings.otherCosts, 'internet')
    const dated = tariffsOf(settings)
    const money = (name: string, label: string, value: string, hint?: string) =>
      this.#text('other-costs', name, `${label}, ${currency}`, value, { decimal: true, ...(hint ? { hint } : {}) })
    return this.#section('other-costs', words.settings.otherCosts, null, [
      html`<p>${words.settings.otherCostsText}</p>`,
      money(
        'internet',
        words.settings.internet,
        settings.internetPerMonth ?? '',
        this.#dated(words.settings.internetHint, dated.internet),
      ),
      money('hardwarePrice', words.settings.hardwarePrice, hardware?.price ?? '', words.settings.hardwareHint),
      this.#text('other-costs', 'hardwareYears', words.settings.hardwareYears, hardware ? String(hardware.years) : '', {
        decimal: true,
      }),
      money('domain', words.settings.domain, settings.domainPerYear ?? '', this.#dated('', dated.fees)),
      this.#save(),
      dated.internet.length + dated.fees.length > 0 && this.#fromToday(words.settings.feesFromToday),
    ])
  }

  household(): Html {
    const { words, kit, language } = this.#visit
    const value = (name: string, present: string) => this.#value('household', name, present)
    return this.#section('household', words.settings.household, `${languages[language]}, ${kit.timezone}`, [
      languageField(words.claim.languageLabel, value('language', language), this.#draft.mistakes),
      timezoneField(words.claim.timezoneLabel, value('timezone', kit.timezone), this.#draft.mistakes),
      currencyField(this.#visit, words.claim.currencyLabel, value('currency', kit.currency), this.#draft.mistakes),
      this.#save(),
    ])
  }

  serverName(): Html {
    const { words, kit } = this.#visit
    if (kit.serverName !== null) {
      const is = html`<p>${words.settings.serverNameIs(kit.serverName)}</p>`
      return this.#fold('server-name', words.settings.serverName, kit.serverName, is)
    }
    return this.#section('server-name', words.settings.serverName, words.trial.label, [
      html`<p>${words.settings.serverNameText}</p>`,
      this.#text('server-name', 'serverName', words.claim.nameLabel, '', { hint: words.claim.nameHint }),
      checkbox('sure', words.settings.serverNameConfirm, this.#draft.mistakes?.sure),
      html`<button>${words.settings.serverNameAction}</button>`,
    ])
  }

  kitName(otherName: string | null): Html {
    const { words, kit } = this.#visit
    return this.#section(
      'kit-name',
      words.settings.kitName,
      kit.hostname,
      [
        otherName !== null && html`<p><strong>${words.settings.kitNameTaken(kit.hostname)}</strong></p>`,
        this.#text('kit-name', 'hostname', words.settings.kitNameLabel, otherName ?? kit.hostname, {
          hint: words.settings.kitNameHint,
        }),
        this.#save(),
      ],
      otherName !== null,
    )
  }

  password(): Html {
    const { words } = this.#visit
    const field = (name: string, label: string, autocomplete: string, hint?: string) =>
      textField({
        name,
        label,
        type: 'password',
        mistakes: this.#draft.mistakes ?? {},
        attributes: { autocomplete, maxlength: passwordLength.most },
        ...(hint ? { hint } : {}),
      })
    return this.#section('password', words.settings.password, null, [
      field('present', words.settings.passwordNow, 'current-password'),
      field('password', words.settings.passwordNew, 'new-password', words.claim.passwordHint(passwordLength.least)),
      field('again', words.settings.passwordAgain, 'new-password'),
      html`<button>${words.settings.passwordAction}</button>`,
    ])
  }

  clock(): Html {
    const { words } = this.#visit
    const content = [
      html`<p>${words.settings.clockText}</p>`,
      clockField(this.#visit, this.#draft.mistakes),
      html`<button>${words.settings.clockAction}</button>`,
    ]
    return this.#section('clock', words.settings.clock, null, content, true)
  }

  switchOff(): Html {
    const { words } = this.#visit
    return html`<section id="switch-off"><h2>${words.settings.switchOff}</h2>
<p class="actions"><a class="button quiet" href="/settings/restart">${words.settings.restart}</a> <a class="button quiet" href="/settings/power-off">${words.settings.powerOff}</a></p></section>
<section><h2>${words.settings.signOutTitle}</h2>${postForm(this.#visit, '/sign-out', html`<button class="quiet">${words.common.signOut}</button>`)}</section>
${signOutEverywhere(this.#visit)}`
  }

  /** Where prices are given in detail, the simple ones give way to a link; `field` is the one that other pages lead to. */
  #inEditor(name: SectionName, title: string, field: string): Html {
    const { words } = this.#visit
    const link = html`<a class="button quiet" id="${field}" href="/costs/tariffs">${words.tariffs.link}</a>`
    return this.#fold(name, title, null, html`<p>${words.tariffs.instead}</p><p>${link}</p>`)
  }

  /** `needed`: open from the start, because something is to be done there. */
  #section(name: SectionName, title: string, present: string | null, content: Part, needed = false): Html {
    return this.#fold(name, title, present, postForm(this.#visit, `/settings/${name}`, content), needed)
  }

  #fold(name: SectionName, title: string, present: string | null, content: Part, needed = false): Html {
    const open = needed || this.#draft.section === name
    return html`<details class="fold" id="${name}"${attribute('open', open)}>
<summary><h2>${title}</h2>${present && html`<span>${present}</span>`}</summary>
${content}
</details>`
  }

  #save(): Html {
    return html`<button>${this.#visit.words.common.save}</button>`
  }

  #value(section: SectionName, name: string, present: string): string {
    return this.#draft.section === section ? (this.#draft.values?.[name] ?? present) : present
  }

  #text(
    section: SectionName,
    name: string,
    label: string,
    present: string,
    extra: { hint?: string; decimal?: boolean },
  ) {
    return textField({
      name,
      label,
      value: this.#value(section, name, extra.decimal ? asTyped(this.#visit.format, present) : present),
      mistakes: this.#draft.mistakes ?? {},
      attributes: {
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        ...(extra.decimal ? { inputmode: 'decimal' } : {}),
      },
      ...(extra.hint ? { hint: extra.hint } : {}),
    })
  }
}

/** All browsers of whoever reads this, this one too. */
export function signOutEverywhere(visit: Visit): Html {
  const { everywhereTitle, everywhereText, everywhere } = visit.words.signOut
  return html`<section id="everywhere"><h2>${everywhereTitle}</h2><p>${everywhereText}</p>
${postForm(visit, '/sign-out/everywhere', html`<button class="quiet">${everywhere}</button>`)}</section>`
}

export function checkbox(name: string, label: string, mistake?: string, checked = false): Html {
  return html`<div class="field">${mistake && html`<p class="mistake" id="${name}-mistake">${mistake}</p>`}
<label class="choice" for="${name}"><input type="checkbox" id="${name}" name="${name}" value="yes"${attribute('checked', checked)}> ${label}</label></div>`
}

/** Date and time from the device: filled in by the script, which also sends the exact second; typed without one. */
export function clockField({ words }: Pick<KitVisit, 'words'>, mistakes: Mistakes = {}): Html {
  return html`${textField({
    name: 'time',
    label: words.claim.clockLabel,
    hint: words.claim.clockHint,
    type: 'text',
    mistakes,
    attributes: { 'data-device-time': true, autocomplete: 'off' },
  })}<input type="hidden" name="deviceSeconds" data-device-seconds>`
}
