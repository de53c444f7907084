import { existsSync } from 'node:fs'
import path from 'node:path'
import { integer, list, map, oneOf, optional, plain, record, text } from './shape.ts'
import { Source } from './source.ts'
import { checkVariable, type VariableDeclaration, type VariableValue } from './variables.ts'

export const programs = ['agent', 'dashboard', 'helper', 'hearth', 'publish', 'setup'] as const
export type Program = (typeof programs)[number]

/** Part of an image: packages, files and settings that belong together. `layers/NAME/{layer.yaml,files/}`. */
export interface Layer {
  readonly name: string
  readonly description: string
  /** Absolute. */
  readonly folder: string
  /** The tree that is laid over the root, absolute; null when the layer has none. */
  readonly files: string | null
  readonly packages: readonly string[]
  /** Packages that come from SUITE-backports. */
  readonly backports: readonly string[]
  readonly variables: Readonly<Record<string, VariableDeclaration>>
  readonly users: readonly { readonly name: string; readonly uid: number; readonly home: string }[]
  readonly units: {
    readonly enable: readonly string[]
    readonly disable: readonly string[]
    readonly mask: readonly string[]
  }
  /** Kernel modules that stay in the image: names, or globs of paths below the kernel's module folder. */
  readonly modules: readonly {
    readonly family: string
    readonly reason: string
    readonly modules: readonly string[]
    /** In the initramfs: loaded there in any case, or only where the machine has a device for it. */
    readonly early: 'always' | 'when-present' | null
  }[]
  /** Packages that are not installed: some of their files go to the boot partition or into the slot. */
  readonly unpack: readonly UnpackedPackage[]
  /** Files of the root that also go to the boot partition: path there → path or glob in the root. */
  readonly boot: Readonly<Record<string, string>>
  /** Removed when the root is sealed; absolute paths or globs. */
  readonly remove: readonly { readonly path: string; readonly reason: string }[]
  readonly programs: readonly Program[]
}

export interface UnpackedPackage {
  readonly package: string
  readonly reason: string
  /** Path on the boot partition → path in the package. */
  readonly boot: Readonly<Record<string, string>>
  /** Paths or globs in the package of files that go to the same place in the slot. */
  readonly root: readonly string[]
}

/** What a layer, recipe or partition may be called. */
export const namePattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const packageName = text('the name of a Debian package, e.g. nginx-light', /^[a-z0-9][a-z0-9+.-]+$/)
const unitName = text(
  'the full name of a systemd unit, e.g. nginx.service',
  /^[\w:.@\\-]+\.(service|socket|timer|target|mount|path|automount|swap|slice)$/,
)
const absolute = text('an absolute path without ".." or spaces', /^\/(?!.*\/\.\.(\/|$))[^\s]+$/)
const relative = text('a path without a leading "/" and without ".."', /^(?!\/)(?!(.*\/)?\.\.(\/|$))[\w.+*/,-]+$/)
const bootPaths = map(/^[\w.-]+(\/[\w.-]+)*$/, 'a path from the root of the boot partition', relative)
const userName = text('a user name, e.g. hearth-agent', /^[a-z][a-z0-9-]{0,30}$/)

const declaration = record({
  description: text(),
  type: oneOf('string', 'integer', 'boolean'),
  default: plain,
  pattern: optional(text('a regular expression')),
})

const layerShape = record({
  name: text('the name of the layer: small letters, digits and hyphens', namePattern),
  description: text(),
  packages: optional(list(packageName, { unique: true })),
  backports: optional(list(packageName, { unique: true })),
  variables: optional(map(/^[A-Z][A-Z0-9_]*$/, 'capitals, digits and "_", e.g. KIT_NAME', declaration)),
  users: optional(list(record({ name: userName, uid: integer(1, 999), home: absolute }))),
  units: optional(
    record({
      enable: optional(list(unitName, { unique: true })),
      disable: optional(list(unitName, { unique: true })),
      mask: optional(list(unitName, { unique: true })),
    }),
  ),
  modules: optional(
    list(
      record({
        family: text(),
        reason: text(),
        modules: list(text('a module or a glob of paths', /^[\w./*?[\]{},+-]+$/), { unique: true, notEmpty: true }),
        early: optional(oneOf('always', 'when-present')),
      }),
    ),
  ),
  unpack: optional(
    list(
      record({
        package: packageName,
        reason: text(),
        boot: optional(bootPaths),
        root: optional(list(relative, { unique: true })),
      }),
    ),
  ),
  boot: optional(bootPaths),
  remove: optional(list(record({ path: absolute, reason: text() }))),
  programs: optional(list(oneOf(...programs), { unique: true })),
})

/** A layer with the file it was read from, so that the recipe can report what does not fit together. */
export interface ReadLayer {
  source: Source
  layer: Layer | undefined
}

/** Reads `FOLDER/layer.yaml`. What is wrong with it is in `source.problems`, and `layer` is then undefined. */
export function readLayer(folder: string): ReadLayer {
  const source = new Source(path.join(folder, 'layer.yaml'))
  const raw = source.document && layerShape(source.document.contents as never, source, [])
  if (!raw) return { source, layer: undefined }

  const folderName = path.basename(folder)
  if (raw.name !== folderName)
    source.report(
      ['name'],
      `the layer is called "${raw.name}" but its folder "${folderName}"`,
      `write "name: ${folderName}"`,
    )

  const variables: Record<string, VariableDeclaration> = Object.create(null)
  for (const [name, { description, type, default: value, pattern }] of Object.entries(raw.variables ?? {})) {
    const at = ['variables', name]
    let compiled: RegExp | null = null
    try {
      compiled = pattern === undefined ? null : new RegExp(`^(?:${pattern})$`, 'u')
    } catch {
      source.report(
        [...at, 'pattern'],
        'is not a regular expression',
        'write one as JavaScript reads it; it is anchored at both ends',
      )
      continue
    }
    variables[name] = { description, type, default: value as VariableValue, pattern: compiled }
    const wrong = checkVariable(variables[name], value)
    if (wrong) source.report([...at, 'default'], wrong.message, wrong.next)
  }

  const units = { enable: raw.units?.enable ?? [], disable: raw.units?.disable ?? [], mask: raw.units?.mask ?? [] }
  for (const kind of ['disable', 'mask'] as const) {
    units[kind].forEach((unit, index) => {
      if (units.enable.includes(unit))
        source.report(['units', kind, index], `"${unit}" is also under "enable"`, 'keep it in one of the two lists')
    })
  }

  if (source.problems.length) return { source, layer: undefined }
  const files = path.join(folder, 'files')
  return {
    source,
    layer: {
      name: raw.name,
      description: raw.description,
      folder,
      files: existsSync(files) ? files : null,
      packages: raw.packages ?? [],
      backports: raw.backports ?? [],
      variables,
      users: raw.users ?? [],
      units,
      modules: (raw.modules ?? []).map((entry) => ({ ...entry, early: entry.early ?? null })),
      unpack: (raw.unpack ?? []).map((entry) => ({ ...entry, boot: entry.boot ?? {}, root: entry.root ?? [] })),
      boot: raw.boot ?? {},
      remove: raw.remove ?? [],
      programs: raw.programs ?? [],
    },
  }
}
