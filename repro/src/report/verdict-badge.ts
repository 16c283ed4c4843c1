import type { Verdict } from '../record/types.ts'
import { verdictWords } from '../verdict/words.ts'
import { type Html, html } from './html.ts'

export const badge = (verdict: Verdict): Html => drawBadge(verdict, verdictWords[verdict])

export const exactBadge = (verdict: 'exact' | 'differs'): Html =>
  verdict === 'exact'
    ? drawBadge('reproduced', { sign: '=', words: 'exact' })
    : drawBadge('falls-short', { sign: '≠', words: 'differs' })

const drawBadge = (tone: string, { sign, words }: { readonly sign: string; readonly words: string }): Html =>
  html`<span class="badge ${tone}"><span class="badge-sign" aria-hidden="true">${sign}</span>${words}</span>`
