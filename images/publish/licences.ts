import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { DebianPackage } from './debian.ts'
import type { NpmPackage } from './npm.ts'

const rule = '-'.repeat(78)

/**
 * licences.txt: a line for each package, then every copyright file in full, each text once, then the licences in Debian's
 * common-licenses that they refer to.
 * @param root of the image, for the common licences
 */
export function licencesText(
  title: string,
  debian: readonly DebianPackage[],
  npm: readonly NpmPackage[],
  root: string,
): string {
  const entries = [
    ...debian.map(({ name, version, licences, copyright }) => ({
      name: `${name} ${version}`,
      summary: licences?.join('; ') ?? (copyright ? 'see its text below' : 'no copyright file'),
      text: copyright,
    })),
    ...npm.map(({ name, version, licence, text }) => ({
      name: `${name} ${version} (npm)`,
      summary: licence ?? 'see its text below',
      text,
    })),
  ]
  const texts = new Map<string, string[]>()
  for (const { name, text } of entries) {
    if (text === null) continue
    const tidy = text.replaceAll('\r\n', '\n').trimEnd()
    texts.set(tidy, [...(texts.get(tidy) ?? []), name])
  }
  const all = [...texts.keys()].join('\n')
  const common = commonLicences(root).filter(({ name }) => all.includes(`common-licenses/${name}`))
  return [
    `Licences of the software in ${title}`,
    '',
    ...entries.map(({ name, summary }) => `${name}: ${summary}`),
    '',
    ...[...texts].flatMap(([text, names]) => [rule, ...names, rule, '', text, '']),
    ...common.flatMap(({ name, text }) => [rule, `/usr/share/common-licenses/${name}`, rule, '', text.trimEnd(), '']),
  ].join('\n')
}

function commonLicences(root: string): { name: string; text: string }[] {
  const folder = path.join(root, 'usr/share/common-licenses')
  try {
    // Unversioned names are links to versioned ones; a reader of "GPL" wants to find it all the same.
    return readdirSync(folder)
      .sort()
      .map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }))
  } catch {
    return []
  }
}
