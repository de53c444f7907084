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
  compare: (words: string) => string
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
    compare: (words) =>
      `The server’s screen and its first page say the same four words: ${words}. If they differ, do not enter anything.`,
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
    title: 'Ihr Server zu Hause ist bereit',
    intro: 'Nur diese eine Seite ist unverschlüsselt. Alles andere ist einen Schritt weiter.',
    warningTitle: 'Ihr Browser wird einmal warnen',
    warning:
      'Er wird sagen, die Verbindung sei nicht privat oder nicht sicher, denn dieser Server hat sein Zertifikat selbst ' +
      'gemacht, zu Hause, und keine Firma bürgt dafür. Das ist hier so zu erwarten. Wählen Sie „Erweitert“ und dann „Weiter“.',
    compareTitle: 'Prüfen Sie, dass es Ihrer ist',
    compare: (words) =>
      `Der Bildschirm des Servers und seine erste Seite nennen dieselben vier Wörter: ${words}. Sind es andere, geben Sie nichts ein.`,
    fingerprint: 'Vollständig, der SHA-256-Fingerabdruck der Zertifizierungsstelle:',
    open: 'Übersicht öffnen',
    otherAddress: 'Name nicht gefunden? Nehmen Sie die Adresse, über die Sie gekommen sind.',
    foreverTitle: 'Die Warnung nie wieder sehen',
    forever:
      'Installieren Sie die Zertifizierungsstelle dieses Servers auf Ihren Geräten. Sie kann nur für Namen bürgen, die auf ' +
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
    compare: (words) =>
      `L’écran du serveur et sa première page affichent les mêmes quatre mots : ${words}. S’ils diffèrent, ne saisissez rien.`,
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
  en: { title: 'One moment', text: 'The dashboard is starting. This page tries again by itself in a few seconds.' },
  de: {
    title: 'Einen Moment',
    text: 'Die Übersicht startet. Diese Seite versucht es in einigen Sekunden selbst noch einmal.',
  },
  fr: {
    title: 'Un instant',
    text: 'Le tableau de bord démarre. Cette page réessaie d’elle-même dans quelques secondes.',
  },
}

const style = `
:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 34rem; padding: 1.5rem 1.25rem 3rem; font: 1.0625rem/1.6 system-ui, sans-serif; color: #1d2421; background: #fbfaf7 }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem }
h2 { font-size: 1.1rem; margin: 1.75rem 0 0.25rem }
p { margin: 0.5rem 0 }
a { color: #0b5d4b; text-underline-offset: 0.15em }
a.open { display: block; margin: 1.5rem 0 0.5rem; padding: 0.85rem 1rem; border-radius: 0.6rem; background: #0b5d4b; color: #fff; text-align: center; text-decoration: none; font-weight: 600 }
a:focus-visible { outline: 3px solid #c9822b; outline-offset: 3px }
.host { overflow-wrap: anywhere }
strong { white-space: nowrap }
code { display: block; font: 0.875rem/1.7 ui-monospace, monospace; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #e6e8e4; background: #171b19 } a { color: #7fd1bb } a.open { background: #7fd1bb; color: #10201b } }
`

/** The page on plain HTTP: what the browser will warn of, the fingerprint, the authority, the link. No form, no script. */
export function plainPage({ language, hostname, dashboard, caFingerprint, caWords }: PlainFacts): Page {
  const words = plainWords[language]
  const fourWords = `<strong translate="no">${escapeHtml(caWords)}</strong>`
  const hex = (caFingerprint.match(/.{4}/g) ?? []).join(' ')
  return page(
    language,
    `${words.title} · ${hostname}`,
    '',
    `<h1>${words.title}</h1>
<p>${words.intro}</p>
<h2>${words.warningTitle}</h2>
<p>${words.warning}</p>
<h2>${words.compareTitle}</h2>
<p>${words.compare(fourWords)}</p>
<a class="open" href="${escapeHtml(dashboard)}">${words.open}</a>
<p class="host">${escapeHtml(dashboard)}</p>
<p><a href="/dashboard">${words.otherAddress}</a></p>
<h2>${words.foreverTitle}</h2>
<p>${words.forever}</p>
<p><a href="/ca.crt" download="${escapeHtml(hostname)}.crt">${words.download}</a></p>
<p>${words.fingerprint}</p>
<code translate="no">${escapeHtml(hex)}</code>`,
  )
}

/** What the dashboard's port shows while the dashboard does not answer yet. */
export function startingPage(language: Language): Page {
  const { title, text } = startingWords[language]
  return page(language, title, '<meta http-equiv="refresh" content="3">\n', `<h1>${title}</h1>\n<p>${text}</p>`)
}

function page(language: Language, title: string, head: string, body: string): Page {
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
