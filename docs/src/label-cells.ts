/** The parts of markdown-it's tokens that are read here: VitePress has it, and declares no type of it. */
interface Token {
  readonly type: string
  readonly content: string
  attrSet(name: string, value: string): void
}

interface Markdown {
  readonly core: { readonly ruler: { push(name: string, rule: (state: { tokens: Token[] }) => void): void } }
}

/**
 * Gives every cell of a table the head of its column as `data-label`: on a narrow screen the style sheet makes a card of
 * each line, in which the label stands beside the value.
 */
export function labelCells(markdown: Markdown): void {
  markdown.core.ruler.push('label-cells', ({ tokens }) => {
    let heads: string[] = []
    let column = 0
    for (const [index, token] of tokens.entries()) {
      if (token.type === 'table_open') heads = []
      if (token.type === 'tr_open') column = 0
      if (token.type === 'th_open') heads.push(tokens[index + 1]!.content)
      if (token.type === 'td_open') token.attrSet('data-label', heads[column++] ?? '')
    }
  })
}
