/** Where the documents of the tables stand in public, by the name that sources give them in brackets. */
const documents: { readonly [file: string]: string } = {
  '000_ffe35514856d6769.txt': 'https://forums.fast.ai/t/45822',
  '001_e66d634c1bf9c1b8.txt': 'https://forums.fast.ai/t/64806',
  '003_c02ea65f3b71f318.txt':
    'https://github.com/cj-mills/christianjmills/blob/HEAD/posts/fastai-book-notes/chapter-7/index.md',
  '004_cd1f3549efaaf2f2.txt': 'https://github.com/jeremyadamsfisher/SlowAI/blob/HEAD/nbs/11_resnets.ipynb',
}

/** The source of a table in two parts: the name of its document, with its public address if there is one, and the rest. */
export interface Source {
  readonly name: string
  readonly url: string | undefined
  readonly rest: string
}

/** `SlowAI, "ResNets" (004_….txt)`: the name before the brackets is what a page makes a link of. */
export function readSource(source: string): Source {
  const [, name, file] = /^(.*?) \((\d{3}_[0-9a-f]{16}\.txt)\)/.exec(source) ?? []
  const url = file === undefined ? undefined : documents[file]
  if (name === undefined || url === undefined) return { name: source, url: undefined, rest: '' }
  return { name, url, rest: source.slice(name.length) }
}
