import {
  type Checker,
  SymbolFlags,
  type Type,
  TypeFlags,
  type TypeReference,
  type Symbol as TypeSymbol,
} from 'typescript/unstable/sync'

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = { [keyword: string]: unknown }

const literals = TypeFlags.StringLiteral | TypeFlags.NumberLiteral | TypeFlags.BooleanLiteral

/**
 * JSON Schemas of TypeScript types. Interfaces and aliases that have a name go to `named`, once, and are referred to;
 * their comments are the descriptions.
 */
export class Schemas {
  readonly named: Record<string, Schema> = {}
  readonly #checker: Checker
  #owners = new Map<string, number>()

  constructor(checker: Checker) {
    this.#checker = checker
  }

  of(type: Type): Schema {
    const symbol = nameOf(type)
    if (!symbol) return this.#shape(type)
    const { name } = symbol
    const owner = this.#owners.get(name)
    if (owner === undefined) {
      this.#owners.set(name, symbol.id)
      this.named[name] = {} // a type may hold itself
      this.named[name] = { ...this.#comment(symbol), ...this.#shape(type) }
    } else if (owner !== symbol.id) throw new Error(`Two types are called ${name}: give one of them another name.`)
    return { $ref: `#/components/schemas/${name}` }
  }

  /** Properties of an object type that are not always there. */
  members(type: Type): { name: string; type: Type; isOptional: boolean; comment: { description?: string } }[] {
    return this.#checker.getPropertiesOfType(type).map((symbol) => {
      const own = this.#checker.getTypeOfSymbol(symbol)
      if (!own) throw new Error(`The type of ${symbol.name} is not known.`)
      const isOptional = (symbol.flags & SymbolFlags.Optional) !== 0
      return { name: symbol.name, type: own, isOptional, comment: this.#comment(symbol) }
    })
  }

  #shape(type: Type): Schema {
    const { flags } = type
    if (flags & TypeFlags.AnyOrUnknown) return {}
    if (flags & TypeFlags.NonPrimitive) return { type: 'object' }
    if (flags & TypeFlags.Null) return { type: 'null' }
    if (flags & literals) return { const: literalOf(type) }
    if (type.isUnionType()) return this.#union(type.getTypes() ?? [])
    if (flags & TypeFlags.StringLike) return { type: 'string' }
    if (flags & TypeFlags.Number) return { type: 'number' }
    if (flags & TypeFlags.BooleanLike) return { type: 'boolean' }
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type as TypeReference)
      return { type: 'array', items: item ? this.of(item) : {} }
    }
    if (flags & (TypeFlags.Object | TypeFlags.Intersection)) return this.#object(type)
    throw new Error(`${this.#checker.typeToString(type)} cannot be said in JSON.`)
  }

  #object(type: Type): Schema {
    const members = this.members(type)
    const [index] = this.#checker.getIndexInfosOfType(type)
    if (members.length === 0 && index) return { type: 'object', additionalProperties: this.of(index.valueType) }
    const properties = members.map((member) => [member.name, { ...this.of(member.type), ...member.comment }])
    const required = members.filter(({ isOptional }) => !isOptional).map(({ name }) => name)
    return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) }
  }

  #union(types: readonly Type[]): Schema {
    const there = types.filter(({ flags }) => !(flags & TypeFlags.Undefined))
    const values = there.filter(({ flags }) => flags & literals).map(literalOf)
    const rest = there.filter(({ flags }) => !(flags & (literals | TypeFlags.Null)))
    const isNullable = there.some(({ flags }) => flags & TypeFlags.Null)
    const isEitherWay = values.length === 2 && values.includes(true) && values.includes(false)
    const schemas = rest.map((each) => this.of(each))
    if (isEitherWay) schemas.push({ type: 'boolean' })
    else if (values.length > 0) schemas.push({ enum: [...values.sort(), ...(isNullable ? [null] : [])] })
    if (isNullable && (isEitherWay || values.length === 0)) schemas.push({ type: 'null' })
    return schemas.length === 1 ? (schemas[0] as Schema) : { anyOf: schemas }
  }

  #comment(symbol: TypeSymbol): { description?: string } {
    const description = this.#checker.getDocumentationCommentOfSymbol(symbol).replace(/\s+/g, ' ').trim()
    return description === '' ? {} : { description }
  }
}

/** The symbol a type is known by: an alias without arguments, or an interface; none for what stands in place. */
function nameOf(type: Type): TypeSymbol | undefined {
  const alias = type.getAliasSymbol()
  if (alias) return type.getAliasTypeArguments().length === 0 ? alias : undefined
  const { name } = type.getSymbol() ?? {}
  return type.isClassOrInterface() && name !== '__type' && name !== 'Array' ? type.getSymbol() : undefined
}

function literalOf(type: Type): unknown {
  return (type as Type & { value: unknown }).value
}
