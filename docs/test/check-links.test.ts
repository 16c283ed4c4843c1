import { describe, expect, it } from 'vitest'
import { checkLinks } from '../src/check-links.ts'

const site = (pages: Record<string, string>) => checkLinks(new Map(Object.entries(pages)), new Set(['report.html']))

describe('links of the built site', () => {
  it('follows clean addresses, folders, anchors and files', () => {
    const pages = {
      'index.html':
        '<a class="x" href="/tricks/mixup#options">a</a><a href="/tricks/">b</a><a href="/report.html">c</a>',
      'tricks/index.html':
        '<a href="./mixup">a</a><a href="#top">b</a><h1 id="top"></h1><a href="https://x.org/">c</a>',
      'tricks/mixup.html': '<h2 id="options" tabindex="-1"></h2><a href="../">up</a>',
    }
    expect(site(pages)).toEqual([])
  })

  it('names pages and anchors that are not there', () => {
    const pages = {
      'index.html': '<a href="/gone">a</a><a href="/other#none">b</a><a href="#x">c</a>',
      'other.html': '',
    }
    expect(site(pages)).toEqual([
      'index.html links to /gone, which is not there',
      'index.html links to /other#none, but other.html has no anchor "none"',
      'index.html links to #x, but index.html has no anchor "x"',
    ])
  })

  it('lets no page fetch from elsewhere', () => {
    const fonts =
      '<link rel="stylesheet" href="https://fonts.example/inter.css"><script src="//cdn.example/a.js"></script>'
    expect(site({ 'index.html': `${fonts}<script src="/assets/app.js"></script>` })).toEqual([
      'index.html fetches https://fonts.example/inter.css',
      'index.html fetches //cdn.example/a.js',
    ])
  })
})
