import { createHash } from 'node:crypto'
import type { Language } from './names.ts'

/** A page that needs nothing but itself. */
export interface Page {
  html: string
  /** Its Content-Security-Policy: nothing but its own style. */
  policy: string
}

export interface PlainFacts {
  language: Language
  /** Without `.local`. */
  hostname: string
  /** Address of the dashboard. */
  dashboard: string
  caFingerprint: string
  caWords: string
}

interface PlainWords {
  title: string
  intro: string
  warningTitle: string
  warning: string
  compareTitle: string
  /** Before and after the four words. */
  compare: string
  compareElse: string
  fingerprint: string
  open: string
  otherAddress: string
  foreverTitle: string
  forever: string
  download: string
}

const plainWords: Record<Language, PlainWords> = {
  en: {
    title: 'Your home server is ready',
    intro: 'This page is the only one without encryption. Everything else is one step further.',
    warningTitle: 'Your browser will warn you once',
    warning:
      'It will say that the connection is not private or not secure, because this server made its certificate itself, at ' +
      'home, and no company vouches for it. That is expected here. Choose “Advanced”, then “Continue”.',
    compareTitle: 'Make sure that it is yours',
    compare: 'The server’s screen and its first page say the same four words:',
    compareElse: 'If they differ, do not enter anything.',
    fingerprint: 'In full, the SHA-256 fingerprint of the certificate authority:',
    open: 'Open the dashboard',
    otherAddress: 'Name not found? Use the address you came by.',
    foreverTitle: 'Never see the warning again',
    forever:
      'Install this server’s certificate authority on your devices. It can vouch for names ending in .local only, and for ' +
      'no other site.',
    download: 'Download the certificate authority',
  },
  de: {
    title: 'Dein Server zu Hause ist bereit',
    intro: 'Nur diese eine Seite ist unverschlüsselt. Alles andere ist einen Schritt weiter.',
    warningTitle: 'Dein Browser wird einmal warnen',
    warning:
      'Er wird sagen, die Verbindung sei nicht privat oder nicht sicher, denn dieser Server hat sein Zertifikat selbst ' +
      'gemacht, zu Hause, und keine Firma bürgt dafür. Das ist hier so zu erwarten. Wähle „Erweitert“ und dann „Weiter“.',
    compareTitle: 'Prüfe, dass es deiner ist',
    compare: 'Der Bildschirm des Servers und seine erste Seite nennen dieselben vier Wörter:',
    compareElse: 'Sind es andere, gib nichts ein.',
    fingerprint: 'Vollständig, der SHA-256-Fingerabdruck der Zertifizierungsstelle:',
    open: 'Übersicht öffnen',
    otherAddress: 'Name nicht gefunden? Nimm die Adresse, über die du gekommen bist.',
    foreverTitle: 'Die Warnung nie wieder sehen',
    forever:
      'Installiere die Zertifizierungsstelle dieses Servers auf deinen Geräten. Sie kann nur für Namen bürgen, die auf ' +
      '.local enden, und für keine andere Seite.',
    download: 'Zertifizierungsstelle herunterladen',
  },
  fr: {
    title: 'Votre serveur est prêt, chez vous',
    intro: 'Cette page est la seule sans chiffrement. Tout le reste est un pas plus loin.',
    warningTitle: 'Votre navigateur vous avertira une fois',
    warning:
      'Il dira que la connexion n’est pas privée ou pas sûre, car ce serveur a fait son certificat lui-même, chez vous, et ' +
      'aucune entreprise ne s’en porte garante. Ici, c’est normal. Choisissez « Avancé », puis « Continuer ».',
    compareTitle: 'Vérifiez que c’est bien le vôtre',
    compare: 'L’écran du serveur et sa première page affichent les mêmes quatre mots :',
    compareElse: 'S’ils diffèrent, ne saisissez rien.',
    fingerprint: 'En entier, l’empreinte SHA-256 de l’autorité de certification :',
    open: 'Ouvrir le tableau de bord',
    otherAddress: 'Nom introuvable ? Prenez l’adresse par laquelle vous êtes venu.',
    foreverTitle: 'Ne plus jamais voir l’avertissement',
    forever:
      'Installez l’autorité de certification de ce serveur sur vos appareils. Elle ne peut se porter garante que des noms en ' +
      '.local, et d’aucun autre site.',
    download: 'Télécharger l’autorité de certification',
  },
}

const startingWords: Record<Language, { title: string; text: string }> = {
  en: { title: 'One moment', text: 'The server is starting. This page tries again by itself in a few seconds.' },
  de: {
    title: 'Einen Moment',
    text: 'Der Server startet. Diese Seite versucht es in einigen Sekunden selbst noch einmal.',
  },
  fr: {
    title: 'Un instant',
    text: 'Le serveur démarre. Cette page réessaie d’elle-même dans quelques secondes.',
  },
}

/** The dashboard's mark (dashboard/assets/icon.svg), inside the page: it can load nothing. */
const mark = `<svg aria-hidden="true" viewBox="0 0 32 32" width="28" height="28"><path fill="#8a3b1c" d="M3 29V14.5C3 7.6 8.8 2 16 2s13 5.6 13 12.5V29h-7v-9.5a6 6 0 0 0-12 0V29z"/><path fill="#f2a65a" d="M16 12.5c3 3 5.5 5.6 5.5 9.3a5.5 5.5 0 0 1-11 0c0-2.3 1.2-3.7 2.3-4.9.2 1.4.8 2.1 1.5 2.3-.3-2.6.2-4.9 1.7-6.7z"/><path fill="#fff1d6" d="M16.2 20.2c1.3 1.3 2 2.4 2 3.7a2.2 2.2 0 0 1-4.4 0c0-1.4.9-2.4 2.4-3.7z"/></svg>`

/** The dashboard's colours and type (dashboard/assets/style.css), as far as these pages need them. */
const style = `
:root {
  color-scheme: light dark;
  --paper: #fbf6ee; --card: #fffdf9; --ink: #2e2119; --soft: #6a574a; --line: #e4d6c5; --edge: #8d7869;
  --ember: #9c3f1a; --ember-deep: #7e3113; --on-ember: #fff8ef; --note-card: #fdf1d8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  background: var(--paper); color: var(--ink);
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; line-height: 1.5;
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1d1612; --card: #281f19; --ink: #f4e9dc; --soft: #c3b0a0; --line: #42342a; --edge: #9a8372;
    --ember: #f0a06b; --ember-deep: #f7bd94; --on-ember: #2a1408; --note-card: #3a2e17;
  }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 40rem; padding: 0 1rem 2rem }
header { align-items: center; border-bottom: 1px solid var(--line); display: flex; gap: 0.5rem; min-height: 3rem }
header, h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.2 }
header { font-size: 1.125rem }
h1 { font-size: 1.75rem; margin: 1rem 0 0.5rem; text-wrap: balance }
h2 { font-size: 1.25rem; margin: 1.75rem 0 0.25rem }
p { margin: 0.5rem 0; text-wrap: pretty }
a { color: var(--ember); text-underline-offset: 0.15em }
a:hover { color: var(--ember-deep) }
:focus-visible { border-radius: 0.25rem; outline: 3px solid var(--ember); outline-offset: 2px }
.lead { font-size: 1.125rem }
.check { background: var(--note-card); border-left: 0.3rem solid var(--edge); border-radius: 0.5rem; margin: 1.25rem 0; padding: 0.625rem 1rem }
.check h2 { font-size: 1.125rem; margin: 0.125rem 0 }
.check strong { display: block; font: 600 1.375rem/1.3 var(--serif); margin: 0.25rem 0 }
.open { background: var(--ember); border-radius: 0.625rem; color: var(--on-ember); display: inline-block; font-weight: 600; margin-top: 0.5rem; padding: 0.75rem 1.25rem; text-decoration: none }
.open:hover { background: var(--ember-deep); color: var(--on-ember) }
.host { color: var(--soft); overflow-wrap: anywhere }
.hint { color: var(--soft); font-size: 0.9375rem }
code { display: block; font: 0.875rem/1.6 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
@media (min-width: 48rem) { body { padding: 0 2rem 3rem } h1 { font-size: 2.25rem; margin-top: 1.5rem } }
`

/** The page on plain HTTP: what the browser will warn of, the fingerprint, the authority, the link. No form, no script. */
export function plainPage({ language, hostname, dashboard, caFingerprint, caWords }: PlainFacts): Page {
  const words = plainWords[language]
  const fourWords = `<strong translate="no">${escapeHtml(caWords)}</strong>`
  const hex = (caFingerprint.match(/.{4}/g) ?? []).join(' ')
  return page(
    { language, title: `${words.title} · ${hostname}`, name: hostname },
    `<h1>${words.title}</h1>
<p class="lead">${words.intro}</p>
<h2>${words.warningTitle}</h2>
<p>${words.warning}</p>
<section class="check">
<h2>${words.compareTitle}</h2>
<p>${words.compare} ${fourWords} ${words.compareElse}</p>
</section>
<a class="open" href="${escapeHtml(dashboard)}">${words.open}</a>
<p class="host">${escapeHtml(dashboard)}</p>
<p><a href="/dashboard">${words.otherAddress}</a></p>
<h2>${words.foreverTitle}</h2>
<p>${words.forever}</p>
<p><a href="/ca.crt" download="${escapeHtml(hostname)}.crt">${words.download}</a></p>
<p class="hint">${words.fingerprint}</p>
<code translate="no">${escapeHtml(hex)}</code>`,
  )
}

/** What the dashboard's port shows while the dashboard does not answer yet. */
export function startingPage(language: Language): Page {
  const { title, text } = startingWords[language]
  const head = '<meta http-equiv="refresh" content="3">\n'
  return page({ language, title, name: 'Commonhearth', head }, `<h1>${title}</h1>\n<p class="lead">${text}</p>`)
}

interface Frame {
  language: Language
  title: string
  /** What stands beside the mark. */
  name: string
  /** More lines for the head. */
  head?: string
}

function page({ language, title, name, head = '' }: Frame, body: string): Page {
  const hash = createHash('sha256').update(style).digest('base64')
  return {
    html: `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${head}<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>${mark}<span translate="no">${escapeHtml(name)}</span></header>
<main>
${body}
</main>
</body>
</html>
`,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
