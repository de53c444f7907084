import { attribute, type Html, html, type Part } from './html.ts'
import type { Visit } from './visit.ts'

export type Place = 'home' | 'power' | 'storage' | 'traffic' | 'costs' | 'people' | 'diagnosis' | 'settings'

export const placePaths: Record<Place, string> = {
  home: '/',
  power: '/power',
  storage: '/storage',
  traffic: '/traffic',
  costs: '/costs',
  people: '/people',
  diagnosis: '/diagnosis',
  settings: '/settings',
}

/** Pages of a person with an account, who sees no others. */
export type MemberPlace = 'line' | 'hours' | 'data'

export const memberPaths: Record<MemberPlace, string> = {
  line: '/my',
  hours: '/my/hours',
  data: '/my/data',
}

export interface PageParts {
  title: string
  /** Which entry of the navigation this page is, or belongs to. */
  place?: Place | MemberPlace
  body: Part
  /** Looks again after so many seconds, without a script. */
  refreshSeconds?: number
  /** There are charts to look at. */
  charts?: boolean
}

/** Versioned addresses of the assets, set at start; a changed file has a changed address and may be kept for ever. */
export interface AssetLinks {
  style: string
  script: string
  icon: string
  /** uPlot, and what puts it to use. */
  plot: string
  chart: string
}

/** A whole document. */
export function layout(
  visit: Visit,
  assets: AssetLinks,
  { title, place, body, refreshSeconds, charts }: PageParts,
): Html {
  const { words, kit } = visit
  return html`<!doctype html>
<html lang="${visit.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshSeconds && html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title} · ${kit?.hostname ?? words.site}</title>
<link rel="stylesheet" href="${assets.style}">
<link rel="icon" type="image/svg+xml" href="${assets.icon}">
<script type="module" src="${assets.script}"></script>
${charts && html`<script defer src="${assets.plot}"></script><script type="module" src="${assets.chart}"></script>`}
</head>
<body${attribute('data-copied', words.common.copied)}>
<a class="skip" href="#main">${words.skip}</a>
<header>
<a class="brand" href="/"><img src="${assets.icon}" alt="" width="28" height="28"> <span>${kit?.hostname ?? words.site}</span></a>
${visit.holder && navigation(visit, place)}
</header>
${kit?.claimed && kit.serverName === null && trialNotice(visit)}
<main id="main" tabindex="-1">
${body}
</main>
</body>
</html>
`
}

function navigation({ words, holder }: Visit, current: PageParts['place']): Html {
  const paths = holder?.role === 'member' ? memberPaths : placePaths
  const entries = Object.entries(paths) as [Place | MemberPlace, string][]
  return html`<nav aria-label="${words.nav.label}"><ul>
${entries.map(
  ([place, address]) =>
    html`<li><a href="${address}"${attribute('aria-current', place === current ? 'page' : null)}>${words.nav[place]}</a></li>`,
)}
</ul></nav>`
}

function trialNotice({ words, holder }: Visit): Html {
  return html`<aside class="trial" aria-label="${words.trial.label}">${words.trial.notice}${holder?.role === 'owner' && html` <a href="/settings#server-name">${words.trial.action}</a>`}</aside>`
}

/** A heading, what is wrong and what to do about it: the shape of every error page. */
export function errorBody(visit: Visit, title: string, text: Part, next: Part): Html {
  return html`<h1>${title}</h1>
<p class="lead">${text}</p>
<p><strong>${visit.words.common.next}</strong> ${next}</p>
<p><a class="button quiet" href="/">${visit.words.common.toHome}</a></p>`
}
