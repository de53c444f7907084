import { describe, expect, test } from 'vitest'
import { attribute, html } from './html.ts'

describe('html', () => {
  test('escapes what is interpolated, in content and in attributes', () => {
    const hostile = `<script>alert('1')</script>"&`
    expect(String(html`<p title="${hostile}">${hostile}</p>`)).toBe(
      '<p title="&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;">&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;</p>',
    )
  })

  test('keeps its own pieces, lists included, and leaves out what is absent', () => {
    const items = ['a&b', 'c'].map((item) => html`<li>${item}</li>`)
    expect(String(html`<ul>${items}</ul>${null}${undefined}${false}${0}`)).toBe('<ul><li>a&amp;b</li><li>c</li></ul>0')
  })

  test('an object that only looks like a piece is escaped', () => {
    expect(String(html`${{ toString: () => '<b>' } as never}`)).toBe('&lt;b&gt;')
  })

  test('attributes are quoted, bare or absent', () => {
    const render = (value: string | boolean | null) => String(html`<a${attribute('x', value)}>`)
    expect([render('"'), render(true), render(false), render(null)]).toEqual(['<a x="&quot;">', '<a x>', '<a>', '<a>'])
  })
})
