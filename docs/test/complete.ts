import ts from 'typescript'

/** Keys of a whole table, and of a recipe: what a fragment may show of one. */
const tableKeys = ['plugins', 'base', 'rows']
const recipeKeys = ['data', 'model', 'loss', 'optimizer', 'schedule', 'metrics', 'callbacks', 'predictor']

/**
 * A block as a module. One that shows part of a table, such as `base: { callbacks: […] }`, becomes a whole table around
 * that part; `…` stands for what a reader fills in. Anything else stays as it is.
 */
export function completeModule(code: string, given: string): string {
  const { imports, rest } = splitImports(code.replaceAll(/,?\s*…/g, ''))
  const parts = propertiesOf(rest)
  if (parts === undefined) return `${given}\n${code}`
  const known = `${given}\n${imports}`
  const add = (name: string, from: string) =>
    new RegExp(`import [^'"]*\\b${name}\\b[^'"]* from`).test(known) ? '' : `import { ${name} } from '${from}'\n`
  const tricks = [...known.matchAll(/^import (\w+) from '@tricklab\/plugin-/gm)].map((match) => match[1]!)
  const names = [...parts.keys()]
  const base = names.filter((name) => recipeKeys.includes(name)).map((name) => `${name}: ${parts.get(name)},`)
  const rows = names
    .filter((name) => !tableKeys.includes(name) && !recipeKeys.includes(name))
    .map((name) => (name === 'stages' ? `stages: { stages: ${parts.get(name)} },` : `'${name}': ${parts.get(name)},`))
  return `${add('defineTable', '@tricklab/core')}${add('data', '@tricklab/data')}${add('nn', '@tricklab/nn')}${add('optim', '@tricklab/optim')}${known}
const plain = {
  data: {
    dataset: 'imagewoof2',
    train: { crop: { use: 'random-resized-crop', size: 128 } },
    valid: { crop: { use: 'resize-center-crop', size: 128 } },
    normalize: { kind: 'imagenet' },
    shuffle: true,
    dropLast: true,
  },
  model: 'xresnet50',
  loss: 'cross-entropy',
  optimizer: 'adamw',
  schedule: 'one-cycle',
  metrics: ['accuracy'],
  epochs: 5,
  batchSize: 64,
  seeds: [1],
} as const
export default defineTable({
  id: 'fragment',
  title: 'A part of a table, completed',
  source: 'the page',
  plugins: ${parts.get('plugins') ?? `[${['data', 'nn', 'optim', ...tricks].join(', ')}]`},
  base: { ...plain, ${base.join(' ')} ...${parts.get('base') ?? '{}'} },
  rows: { plain: {}, ${rows.join(' ')} ...${parts.get('rows') ?? '{}'} },
})
`
}

function splitImports(code: string): { readonly imports: string; readonly rest: string } {
  const imports = /^(?:\s*import [^\n]*\n|\s*\n)*/.exec(code)![0]
  return { imports, rest: code.slice(imports.length) }
}

/** The properties that a fragment lists, as source text; undefined where it is no list of properties. */
function propertiesOf(rest: string): ReadonlyMap<string, string> | undefined {
  if (!/^(?:[\w-]+|'[\w-]+'):\s/.test(rest)) return undefined
  const source = ts.createSourceFile('fragment.ts', `({${rest}})`, ts.ScriptTarget.Latest, true)
  const [statement] = source.statements
  if (statement === undefined || !ts.isExpressionStatement(statement)) return undefined
  const { expression } = statement
  if (!ts.isParenthesizedExpression(expression) || !ts.isObjectLiteralExpression(expression.expression))
    return undefined
  return new Map(
    expression.expression.properties
      .filter(ts.isPropertyAssignment)
      .map((property) => [
        ts.isStringLiteral(property.name) ? property.name.text : property.name.getText(source),
        property.initializer.getText(source),
      ]),
  )
}
