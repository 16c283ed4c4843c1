import path from 'node:path'
import ts from 'typescript'

/** One public name of a package: what a user sees of it in an editor. */
export interface Declaration {
  readonly name: string
  /** Source file below `src`, without extension: `recipe/define`. */
  readonly topic: string
  /** Place in that file. */
  readonly position: number
  /** The declaration without bodies, comments of members included. */
  readonly code: string
  /** TSDoc text before the first tag. */
  readonly text: string
  readonly tags: readonly { readonly name: string; readonly text: string }[]
}

/**
 * The public names of packages, in the order of their sources. TypeScript 6 reads the sources, for TypeScript 7 has no
 * programming interface yet; types are checked by 7 elsewhere.
 */
export function readDeclarations(entries: readonly string[], config: string): ReadonlyMap<string, Declaration[]> {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(config, ts.sys.readFile).config, ts.sys, '')
  const program = ts.createProgram(
    [...entries],
    // Stripped of what only the check of the whole project wants.
    { ...options, types: ['node'], declaration: true, emitDeclarationOnly: true, noEmit: false, removeComments: false },
  )
  const checker = program.getTypeChecker()
  const emitted = new Map<string, ts.SourceFile>()
  return new Map(
    entries.map((entry) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!
      const found = checker.getExportsOfModule(module).flatMap((symbol) => {
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
        const source = target.declarations?.[0]?.getSourceFile()
        // `export * as reference` is a package's inner namespace, which its README shows.
        if (source === undefined || target.flags & ts.SymbolFlags.Module) return []
        const topic = path.relative(sourcesOf(entry), source.fileName).replace(/(\/index)?\.ts$/, '')
        if (topic.startsWith('..')) return []
        const file = emitted.get(source.fileName) ?? emitDeclarations(program, source)
        emitted.set(source.fileName, file)
        return describe(file, symbol.name, target.name, topic)
      })
      return [entry, found]
    }),
  )
}

/** The folder `src` of the package that a file belongs to. */
const sourcesOf = (file: string): string => /^.*\/src(?=\/)/.exec(file)![0]

function emitDeclarations(program: ts.Program, source: ts.SourceFile): ts.SourceFile {
  let text = ''
  program.emit(
    source,
    (_file, content) => {
      text = content
    },
    undefined,
    true,
  )
  return ts.createSourceFile(source.fileName, text, ts.ScriptTarget.Latest, true)
}

/** All overloads and merged declarations of one name. */
function describe(file: ts.SourceFile, name: string, declared: string, topic: string): Declaration[] {
  const statements = file.statements.filter((statement) => namesOf(statement).includes(declared))
  const [first] = statements
  if (first === undefined) return []
  const docs = ts.getJSDocCommentsAndTags(first).filter(ts.isJSDoc)
  return [
    {
      name,
      topic,
      position: first.pos,
      code: statements.map((statement) => codeOf(statement, file)).join('\n'),
      text: docs.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join('\n\n'),
      tags: docs.flatMap(({ tags = [] }) => tags.map((tag) => ({ name: tag.tagName.text, text: tagText(tag) }))),
    },
  ]
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => (ts.isIdentifier(name) ? name.text : ''))
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Node }
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : []
}

/** The statement as written, without its own TSDoc, which the page shows as text. */
function codeOf(statement: ts.Statement, file: ts.SourceFile): string {
  const code = statement
    .getText(file)
    .replace(/^export (declare )?/, '')
    .replaceAll('    ', '  ')
  if (!ts.isVariableStatement(statement) || code.split('\n').length <= longestConstant) return code
  const { name } = statement.declarationList.declarations[0]!
  return `const ${name.getText(file)}: …`
}

/** The type of a table of errors or of a plugin with all its options says less than its page does. @unit lines */
const longestConstant = 40

function tagText(tag: ts.JSDocTag): string {
  const name = ts.isJSDocParameterTag(tag) ? `${tag.name.getText()} ` : ''
  return `${name}${ts.getTextOfJSDocComment(tag.comment) ?? ''}`.trim()
}
