import { existsSync } from 'node:fs'
import path from 'node:path'
import {
  type Disk,
  layOut,
  type PartitionRequest,
  parseSize,
  partitionContents,
  partitionTypes,
  type TableKind,
} from './disk.ts'
import { type Layer, namePattern, type ReadLayer, readLayer } from './layer.ts'
import { type Problem, RecipeError } from './problem.ts'
import { boolean, integer, list, map, nearest, oneOf, optional, plain, record, text } from './shape.ts'
import { Source } from './source.ts'
import { checkPartitions, checkTable } from './table.ts'
import { checkVariable, type VariableDeclaration, type VariableValue } from './variables.ts'

export type Architecture = 'amd64' | 'arm64'

/** A Raspberry Pi that the image is meant to start on. */
export interface Board {
  readonly name: string
  /** Files that its firmware needs on partition 1; paths from that partition's root. */
  readonly firmware: readonly string[]
  readonly experimental: boolean
  readonly media: readonly ('sd' | 'usb')[]
  readonly notes: string | null
}

/** An image to build, checked whole: its layers are read and every variable has a value of its type. */
export interface Recipe {
  readonly name: string
  readonly description: string
  /** The recipe's own file, absolute. */
  readonly file: string
  readonly architecture: Architecture
  /** Debian suite, e.g. `trixie`. */
  readonly suite: string
  /** In the order in which they are laid over each other. */
  readonly layers: readonly Layer[]
  /** Every variable that a layer declares, with the recipe's value or the default. */
  readonly variables: Readonly<Record<string, VariableValue>>
  /** How the slot's squashfs is packed; `level` is null for the packer's own default. */
  readonly slot: { readonly compression: 'gzip' | 'xz'; readonly level: number | null }
  readonly disk: Disk
  readonly boards: readonly Board[]
}

const sizeText = text('a size, e.g. 64MiB or 1GiB', /^[1-9][0-9]{0,6}(MiB|GiB)$/)
const filePath = text('a path from the root of partition 1', /^(?!\/)(?!(.*\/)?\.\.(\/|$))[\w.+/-]+$/)

const recipeShape = record({
  name: text('the name of the recipe: small letters, digits and hyphens', namePattern),
  description: text(),
  architecture: oneOf('amd64', 'arm64'),
  suite: text('a Debian suite, e.g. trixie', /^[a-z]+$/),
  layers: list(text('the name of a layer', namePattern), { unique: true, notEmpty: true }),
  variables: optional(map(/^[A-Z][A-Z0-9_]*$/, 'capitals, digits and "_", as the layer declares it', plain)),
  slot: record({ compression: oneOf('gzip', 'xz'), level: optional(integer(1, 9)) }),
  disk: record({
    table: oneOf('gpt', 'mbr'),
    partitions: list(
      record({
        name: text('a name: small letters, digits and hyphens', namePattern),
        size: optional(sizeText),
        type: oneOf(...partitionTypes),
        content: optional(oneOf(...partitionContents)),
        label: optional(text('a label of up to 16 letters, digits, "-" and "_"', /^[A-Za-z0-9_-]{1,16}$/)),
        grows: optional(boolean),
      }),
      { notEmpty: true },
    ),
  }),
  boards: optional(
    list(
      record({
        name: text(),
        firmware: list(filePath, { unique: true, notEmpty: true }),
        experimental: optional(boolean),
        media: list(oneOf('sd', 'usb'), { unique: true, notEmpty: true }),
        notes: optional(text()),
      }),
    ),
  ),
})

/**
 * Reads and checks `recipes/NAME.yaml` and the layers it names.
 * @param file the recipe
 * @param layersFolder where layers lie; by default the folder `layers` beside the recipe's own folder
 * @throws RecipeError with everything that is wrong, in recipe and layers
 */
export function loadRecipe(file: string, layersFolder?: string): Recipe {
  const absolute = path.resolve(file)
  const source = new Source(absolute)
  const raw = source.document && recipeShape(source.document.contents as never, source, [])
  if (!raw) throw new RecipeError(source.problems)

  const expectedName = path.basename(absolute, '.yaml')
  if (raw.name !== expectedName)
    source.report(
      ['name'],
      `the recipe is called "${raw.name}" but its file "${path.basename(absolute)}"`,
      `write "name: ${expectedName}"`,
    )

  const folder = path.resolve(layersFolder ?? path.join(path.dirname(absolute), '..', 'layers'))
  const read = readLayers(raw.layers, folder, source)
  const layers = read.map(({ layer }) => layer).filter((layer) => layer !== undefined)
  checkUsers(read)
  const declared = declarations(read)
  // With a layer unread, a variable of its would be called unknown.
  const variables = layers.length === raw.layers.length ? resolveVariables(declared, raw.variables ?? {}, source) : {}

  const partitions: PartitionRequest[] = raw.disk.partitions.map(({ name, type, size, content, label, grows }) => ({
    name,
    type,
    content: content ?? null,
    label: label ?? null,
    grows: grows ?? false,
    size: size === undefined ? null : parseSize(size),
  }))
  const table: TableKind = raw.disk.table
  const misfits = checkPartitions(table, partitions)
  const recipe: Recipe = {
    name: raw.name,
    description: raw.description,
    file: absolute,
    architecture: raw.architecture,
    suite: raw.suite,
    layers,
    variables,
    slot: { compression: raw.slot.compression, level: raw.slot.level ?? null },
    disk: layOut(table, partitions),
    boards: (raw.boards ?? []).map((board) => ({
      name: board.name,
      firmware: board.firmware,
      experimental: board.experimental ?? false,
      media: board.media,
      notes: board.notes ?? null,
    })),
  }
  if (misfits.length === 0) misfits.push(...checkTable(recipe))
  for (const { path: at, message, next } of misfits) source.report(at, message, next)

  const problems: Problem[] = [source, ...read.map((each) => each.source)].flatMap((each) => each.problems)
  if (problems.length) throw new RecipeError(problems)
  return deepFreeze(recipe)
}

function readLayers(names: readonly string[], folder: string, recipe: Source): ReadLayer[] {
  return names.flatMap((name, index) => {
    const layerFolder = path.join(folder, name)
    if (existsSync(path.join(layerFolder, 'layer.yaml'))) return [readLayer(layerFolder)]
    recipe.report(
      ['layers', index],
      `there is no layer "${name}"`,
      `make ${path.join(folder, name, 'layer.yaml')} or correct the name`,
    )
    return []
  })
}

/** No user and no uid may be given out twice over all layers. */
function checkUsers(read: readonly ReadLayer[]): void {
  const names = new Map<string, string>()
  const uids = new Map<number, string>()
  for (const { source, layer } of read) {
    layer?.users.forEach(({ name, uid }, index) => {
      const sameName = names.get(name)
      const sameUid = uids.get(uid)
      if (sameName)
        source.report(
          ['users', index, 'name'],
          `layer "${sameName}" makes the user "${name}" too`,
          'keep it in one layer',
        )
      else if (sameUid)
        source.report(['users', index, 'uid'], `uid ${uid} belongs to ${sameUid}`, 'choose a free one from 100 to 999')
      names.set(name, layer.name)
      uids.set(uid, `"${name}" of layer "${layer.name}"`)
    })
  }
}

function declarations(read: readonly ReadLayer[]): Map<string, VariableDeclaration> {
  const declared = new Map<string, VariableDeclaration>()
  const owners = new Map<string, string>()
  for (const { source, layer } of read) {
    for (const [name, declaration] of Object.entries(layer?.variables ?? {})) {
      const owner = owners.get(name)
      if (owner)
        source.report(['variables', name], `layer "${owner}" declares "${name}" too`, 'declare it in one layer')
      declared.set(name, declaration)
      owners.set(name, layer?.name ?? '')
    }
  }
  return declared
}

function resolveVariables(
  declared: ReadonlyMap<string, VariableDeclaration>,
  set: Readonly<Record<string, VariableValue>>,
  source: Source,
): Record<string, VariableValue> {
  const values: Record<string, VariableValue> = Object.create(null)
  for (const [name, declaration] of declared) values[name] = declaration.default
  for (const [name, value] of Object.entries(set)) {
    const declaration = declared.get(name)
    if (!declaration) {
      const meant = nearest(name, [...declared.keys()])
      source.report(
        ['variables', name],
        `no layer declares the variable "${name}"`,
        meant ? `did you mean "${meant}"?` : 'remove it',
      )
      continue
    }
    const wrong = checkVariable(declaration, value)
    if (wrong) source.report(['variables', name], `${name}: ${wrong.message}`, wrong.next)
    values[name] = value
  }
  return values
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !(value instanceof RegExp)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
