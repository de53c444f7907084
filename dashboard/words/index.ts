import { en, type Words } from './en.ts'

export type { Words } from './en.ts'

/** The languages on offer, each named in itself. */
export const languages = { en: 'English', de: 'Deutsch', fr: 'Français' } as const
export type Language = keyof typeof languages

export function isLanguage(value: string): value is Language {
  return Object.hasOwn(languages, value)
}

/** The catalog of a language; the others are not even evaluated. */
export async function loadWords(language: Language): Promise<Words> {
  if (language === 'de') return (await import('./de.ts')).de
  if (language === 'fr') return (await import('./fr.ts')).fr
  return en
}

/** The language of a kit's facts (BCP 47), reduced to one on offer. */
export function languageOf(tag: string): Language {
  const primary = tag.toLowerCase().split('-')[0] ?? ''
  return isLanguage(primary) ? primary : 'en'
}

/** The best of our languages for an Accept-Language header. */
export function preferredLanguage(header: string | undefined): Language {
  const wanted = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(';')
      const quality = parameters.find((parameter) => parameter.trim().startsWith('q='))
      return { language: tag.trim().toLowerCase().split('-')[0] ?? '', quality: Number(quality?.trim().slice(2) ?? 1) }
    })
    .filter(({ language, quality }) => isLanguage(language) && quality > 0)
    .sort((a, b) => b.quality - a.quality)
  return (wanted[0]?.language as Language | undefined) ?? 'en'
}
