/** What every changeset has to say beside what changesets itself asks for. */

const statement = /^Results: (\S.*)$/m

/** Everything wrong with a changeset's text, as sentences. */
export function checkChangeset(name: string, text: string): string[] {
  const [, header = '', body = ''] = /^---\n([\s\S]*?)\n?---\n([\s\S]*)$/.exec(text) ?? []
  const bumps = [...header.matchAll(/^["']?[^"'\n]+["']?: *(\w+)$/gm)].map((match) => match[1])
  const results = statement.exec(body)?.[1]
  if (bumps.length === 0) return [] // an empty changeset releases nothing
  if (results === undefined) {
    return [
      `${name}: the line "Results: …" is missing; write "Results: unchanged.", or say which numbers change and why.`,
    ]
  }
  if (/^unchanged\b/.test(results) || bumps.includes('major')) return []
  return [`${name}: the results change ("${results}"), so at least one package needs a major change.`]
}
