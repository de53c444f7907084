import type { Language } from './names.ts'

/** Words the kit puts on the Fediverse server's own pages. `%host%` and `%userlist%` are filled in by snac. */
interface Words {
  welcome: string
  about: string
  people: string
  trial: string
}

const words: Record<Language, Words> = {
  en: {
    welcome: 'Welcome to %host%',
    about: 'A small server of the Fediverse, at home in a household. Accounts are given by the household.',
    people: 'Who is here',
    trial:
      'This server runs as a trial. Nobody outside this home can follow it yet. When it gets its permanent name, people, ' +
      'uploads and block lists stay; addresses and posts start afresh.',
  },
  de: {
    welcome: 'Willkommen auf %host%',
    about: 'Ein kleiner Server des Fediverse, zu Hause in einem Haushalt. Konten vergibt der Haushalt.',
    people: 'Wer hier ist',
    trial:
      'Dieser Server läuft zur Probe. Von außerhalb kann ihm noch niemand folgen. Wenn er seinen dauerhaften Namen bekommt, ' +
      'bleiben Personen, hochgeladene Dateien und Sperrlisten; Adressen und Beiträge beginnen neu.',
  },
  fr: {
    welcome: 'Bienvenue sur %host%',
    about: 'Un petit serveur du Fédivers, installé chez un foyer. Les comptes sont donnés par le foyer.',
    people: 'Qui est ici',
    trial:
      'Ce serveur est à l’essai. Personne ne peut encore le suivre de l’extérieur. Quand il recevra son nom définitif, les ' +
      'personnes, les fichiers envoyés et les listes de blocage resteront ; adresses et messages repartiront de zéro.',
  },
}

/** The page at the server's root. */
export function greeting(language: Language, trial: boolean): string {
  const { welcome, about, people, trial: notice } = words[language]
  return `<!DOCTYPE html>
<html lang="${language}"><head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<link rel="icon" href="/favicon.ico"/>
<style>*{color-scheme:light dark}body{margin:auto;max-width:40em;padding:1em;font:1.05em/1.6 system-ui,sans-serif}</style>
<title>${welcome}</title>
</head>
<body>
<h1>${welcome}</h1>
${trial ? `<p role="note"><strong>${notice}</strong></p>\n` : ''}<p>${about}</p>
<h2>${people}</h2>
%userlist%
</body></html>
`
}

/** Shown to everybody who is signed in, also by apps, until dismissed. */
export function trialAnnouncement(language: Language): string {
  return words[language].trial
}

/** A line above every page of the server. */
export function trialStyle(language: Language): string {
  const text = words[language].trial.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `body::before { content: "${text}"; display: block; padding: 0.6em 0.8em; margin-bottom: 1em; border: 1px solid; border-radius: 4px; }
`
}

/** The name of snac's own translation for a language. */
export function languageFile(language: Language): string {
  return { en: 'en', de: 'de_DE', fr: 'fr' }[language]
}
