import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'

interface Vectors {
  inclusion: {
    name: string
    valid: boolean
    index: number
    size: number
    leaf: string
    root: string
    proof: string[]
  }[]
  consistency: {
    name: string
    valid: boolean
    oldSize: number
    oldRoot: string
    size: number
    root: string
    proof: string[]
  }[]
  tree: { leaves: string[]; roots: string[] }
}
const vectors: Vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/merkle.json'), 'utf8'))
const base64 = (text: string) => Buffer.from(text, 'base64')

describe('published vectors', () => {
  it.each(vectors.inclusion)('inclusion $name: $valid', ({ valid, index, size, leaf, root, proof }) => {
    const claim = { leaf: base64(leaf), index, size, root: base64(root), proof: proof.map(base64) }
    expect(verifyInclusion(claim)).toBe(valid)
  })

  it.each(vectors.consistency)('consistency $name: $valid', ({ valid, oldSize, oldRoot, size, root, proof }) => {
    const claim = { oldSize, oldRoot: base64(oldRoot), size, root: base64(root), proof: proof.map(base64) }
    expect(verifyConsistency(claim)).toBe(valid)
  })

  it('roots of the first trees', () => {
    const leaves = vectors.tree.leaves.map((hex) => leafHash(Buffer.from(hex, 'hex')))
    const roots = vectors.tree.roots.map((_, size) => treeRoot(leaves.slice(0, size)).toString('hex'))
    expect(roots).toEqual(vectors.tree.roots)
  })

  it('proofs that are made here', () => {
    const leaves = vectors.tree.leaves.map((hex) => leafHash(Buffer.from(hex, 'hex')))
    const good = vectors.inclusion.filter(({ valid, size }) => valid && size > 1)
    expect(good.length).toBeGreaterThan(3)
    for (const { index, size, proof } of good)
      expect(inclusionProof(leaves.slice(0, size), index).map((hash) => hash.toString('base64'))).toEqual(proof)
    const goodBeginnings = vectors.consistency.filter(({ valid, size }) => valid && size > 1)
    expect(goodBeginnings.length).toBeGreaterThan(3)
    for (const { oldSize, size, proof } of goodBeginnings)
      expect(consistencyProof(leaves.slice(0, size), oldSize).map((hash) => hash.toString('base64'))).toEqual(proof)
  })
})

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)))
const tree = fc.integer({ min: 1, max: 600 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Changes one bit of one of the hashes; which, is up to `where`. */
function spoil(proof: readonly Buffer[], where: number): Buffer[] {
  const target = where % proof.length
  return proof.map((each, index) => {
    if (index !== target) return each
    const changed = Buffer.from(each)
    changed[where % 32] = (changed[where % 32] as number) ^ (1 << (where % 8))
    return changed
  })
}

describe('proofs of any tree', () => {
  it('a leaf is shown at its index and nowhere else', () => {
    fc.assert(
      fc.property(tree, fc.nat(), ([size, index], where) => {
        const leaves = leavesOf(size)
        const leaf = leaves[index] as Buffer
        const proof = inclusionProof(leaves, index)
        const claim = { leaf, index, size, root: treeRoot(leaves), proof }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(size === 1)
        expect(verifyInclusion({ ...claim, proof: [...proof, leaf] })).toBe(false)
        if (proof.length === 0) return
        expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: spoil(proof, where) })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('a beginning is shown, and another one is not', () => {
    fc.assert(
      fc.property(tree, fc.nat(), ([size, last], where) => {
        const leaves = leavesOf(size)
        const oldSize = last + 1
        const proof = consistencyProof(leaves, oldSize)
        const claim = { oldSize, oldRoot: treeRoot(leaves.slice(0, oldSize)), size, root: treeRoot(leaves), proof }
        expect(verifyConsistency(claim)).toBe(true)
        const rewritten = [...leaves.slice(0, last), leafHash(Buffer.from('rewritten'))]
        expect(verifyConsistency({ ...claim, oldRoot: treeRoot(rewritten) })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: [...proof, claim.root] })).toBe(false)
        if (proof.length === 0) return
        expect(verifyConsistency({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: spoil(proof, where) })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('whatever is given as a proof, the answer is no, not an error', () => {
    const anything = fc.oneof(fc.array(fc.oneof(hash, fc.anything())), fc.anything()) as fc.Arbitrary<Uint8Array[]>
    const number = fc.oneof(fc.nat(20), fc.double(), fc.maxSafeInteger())
    fc.assert(
      fc.property(anything, hash, hash, number, number, (proof, one, other, small, large) => {
        expect(verifyInclusion({ leaf: one, index: small, size: large, root: other, proof })).toBe(false)
        expect(verifyConsistency({ oldSize: small, oldRoot: one, size: large, root: other, proof })).toBe(false)
      }),
    )
  })
})

it('salted leaves are only hashes', () => {
  const leaves = [leafHash(Buffer.from('salt and entry')), leafHash(Buffer.from('another'))] as const
  expect(treeRoot(leaves)).toEqual(nodeHash(...leaves))
})

it('does not prove what is not in the tree', () => {
  const leaves = leavesOf(3)
  for (const index of [-1, 3, 0.5]) expect(() => inclusionProof(leaves, index)).toThrow(RangeError)
  for (const size of [0, 4, 1.5]) expect(() => consistencyProof(leaves, size)).toThrow(RangeError)
})
