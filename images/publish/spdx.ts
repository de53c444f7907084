import { createHash } from 'node:crypto'
import type { DebianPackage } from './debian.ts'
import type { NpmPackage } from './npm.ts'

/** What the document is about. */
export interface Subject {
  readonly name: string
  readonly version: string
  readonly suite: string
  /** Seconds since 1970. */
  readonly epoch: number
  /** Of the raw image. */
  readonly sha256: string
}

interface SpdxPackage {
  SPDXID: string
  name: string
  versionInfo: string
  downloadLocation: 'NOASSERTION'
  filesAnalyzed: false
  licenseConcluded: 'NOASSERTION'
  licenseDeclared: string
  copyrightText: 'NOASSERTION'
  primaryPackagePurpose?: string
  homepage?: string
  sourceInfo?: string
  checksums?: { algorithm: string; checksumValue: string }[]
  externalRefs?: { referenceCategory: 'PACKAGE-MANAGER'; referenceType: 'purl'; referenceLocator: string }[]
}

/** The bill of materials as an SPDX 2.3 document. The same inputs give the same bytes. */
export function spdxDocument(subject: Subject, debian: readonly DebianPackage[], npm: readonly NpmPackage[]): string {
  const image: SpdxPackage = {
    ...common('SPDXRef-Image', subject.name, subject.version, 'NOASSERTION'),
    primaryPackagePurpose: 'OPERATING-SYSTEM',
    checksums: [{ algorithm: 'SHA256', checksumValue: subject.sha256 }],
  }
  const parts = [...debian.map((each) => debianPackage(each, subject.suite)), ...npm.map(npmPackage)]
  const relate = (from: string, relationshipType: string, to: string) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  })
  const name = `${subject.name}-${subject.version}`
  const content = createHash('sha256')
    .update(JSON.stringify([image, parts]))
    .digest('hex')
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${content.slice(0, 32)}`,
    creationInfo: {
      created: `${new Date(subject.epoch * 1000).toISOString().slice(0, 19)}Z`,
      creators: [`Tool: commonhearth-${subject.version}`],
    },
    packages: [image, ...parts],
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', image.SPDXID),
      ...parts.map(({ SPDXID }) => relate(image.SPDXID, 'CONTAINS', SPDXID)),
    ],
  }
  return `${JSON.stringify(document, null, 1)}\n`
}

function debianPackage(each: DebianPackage, suite: string): SpdxPackage {
  const purl = `pkg:deb/debian/${encode(each.name)}@${encode(each.version)}?arch=${each.architecture}&distro=${suite}`
  return {
    ...common(`SPDXRef-deb-${idOf(each.name)}`, each.name, each.version, each.spdx),
    ...(each.homepage && /^https?:\/\/[^\s]+$/.test(each.homepage) ? { homepage: each.homepage } : {}),
    ...(each.source ? { sourceInfo: `built from the Debian source package ${each.source}` } : {}),
    checksums: [{ algorithm: 'SHA256', checksumValue: each.sha256 }],
    externalRefs: [reference(purl)],
  }
}

function npmPackage(each: NpmPackage): SpdxPackage {
  const simple = each.licence && /^[A-Za-z0-9.-]+$/.test(each.licence) ? each.licence : null
  return {
    ...common(`SPDXRef-npm-${idOf(`${each.name}-${each.version}`)}`, each.name, each.version, simple),
    checksums: [{ algorithm: 'SHA512', checksumValue: each.sha512 }],
    externalRefs: [reference(`pkg:npm/${each.name.split('/').map(encode).join('/')}@${encode(each.version)}`)],
  }
}

function common(SPDXID: string, name: string, versionInfo: string, licence: string | null) {
  return {
    SPDXID,
    name,
    versionInfo,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licence ?? 'NOASSERTION',
    copyrightText: 'NOASSERTION',
  } as const
}

const reference = (purl: string) =>
  ({ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }) as const

/** Package URLs leave the colon of an epoch as it is. */
const encode = (text: string) => encodeURIComponent(text).replaceAll('%3A', ':')

/** SPDX ids know letters, digits, dots and hyphens; what is put for others keeps different names apart. */
const idOf = (name: string) =>
  name.replace(/[^A-Za-z0-9.-]/g, (character) => `-x${character.charCodeAt(0).toString(16)}-`)
