import { expect, test } from 'vitest'
import { matchesSnac } from './snac-password.ts'

// Made by snac 2.96 (`adduser`, `resetpwd`).
test.each([
  ['76viMGPBEQ1+dvf5', 'ade0253e:d97704a4d92d9a936916901d28cb42a86ad0734c'],
  ['BN4QReiSz4T+3VAL', 'f6fad343:d585e98074b5f8706b15794796933c1491451fad'],
])('%s is the password that snac keeps as %s', (password, kept) => {
  expect(matchesSnac('anna', password, kept)).toBe(true)
  for (const wrong of ['', password.slice(1), `${password} `, password.toLowerCase(), kept])
    expect(matchesSnac('anna', wrong, kept), wrong).toBe(false)
  expect(matchesSnac('ben', password, kept)).toBe(false)
})

test.each(['', ':', 'ade0253e', 'ade0253e:', ':da39a3ee5e6b4b0d3255bfef95601890afd80709', 'x'.repeat(100_000)])(
  'nothing fits a kept password of %j',
  (kept) => {
    for (const password of ['', ':', 'x', kept]) expect(matchesSnac('anna', password, kept)).toBe(false)
  },
)
