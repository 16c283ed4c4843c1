import { fail } from '@tricklab/core'

/** Every spelling of a plugin's name. */
export interface PluginNames {
  /** On npm: `tricklab-plugin-cut-out`, `@me/tricklab-plugin-cut-out`. */
  readonly package: string
  /** Folder, and what stands behind the scope: `tricklab-plugin-cut-out`. */
  readonly folder: string
  /** In recipes, and of the maths file: `cut-out`. */
  readonly component: string
  /** Of values: `cutOut`. */
  readonly camel: string
  /** In names of functions and types: `CutOut`. */
  readonly pascal: string
  /** At the beginning of a sentence: `Cut out`. */
  readonly sentence: string
}

const prefix = 'tricklab-plugin-'
const component = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const scope = /^@[a-z0-9][a-z0-9._~-]*$/
/** npm's own limit for a whole name. */
const longest = 214

/**
 * Reads `cut-out`, `tricklab-plugin-cut-out` or `@scope/tricklab-plugin-cut-out`.
 * @errors E_ARGUMENT for any other name; the nearest good one is offered
 */
export function readName(text: string): PluginNames {
  const { package: name, folder } = goodName(text)
  const short = name === text || folder === `${prefix}${text}`
  if (!short || name.length > longest) {
    fail('E_ARGUMENT', {
      what: `"${text}" is no name of a community plugin.`,
      expected: `x, ${prefix}x or @scope/${prefix}x, where x is in kebab-case and not a reserved word; at most ${longest} letters in all.`,
      received: `"${text}".`,
      fix: name.length > longest ? 'choose a shorter name.' : `did you mean "${name}"?`,
    })
  }
  const words = folder.slice(prefix.length).split('-')
  const pascal = words.map(capital).join('')
  return {
    package: name,
    folder,
    component: words.join('-'),
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    pascal,
    sentence: capital(words.join(' ')),
  }
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** The name itself where it is good, else the good one that is nearest to it. */
function goodName(text: string): { package: string; folder: string } {
  const parts = /^(?:(@[^/]*)\/)?(.*)$/s.exec(text)!
  const [given, rest] = [parts[1], parts[2]!]
  const tail = rest.replace(given === undefined ? /^tricklab-plugin-/ : /^(tricklab-)?plugin-/, '')
  const folder = `${prefix}${component.test(tail) && !isReserved(tail) ? tail : kebab(tail)}`
  if (given === undefined) return { package: folder, folder }
  // The project's own packages are @tricklab/plugin-x; others do not use its scope.
  const own = scope.test(given) && given !== '@tricklab'
  const cleaned = given.toLowerCase().replace(/[^a-z0-9._~-]/g, '')
  const kept = own ? given : cleaned === '' || cleaned === 'tricklab' ? undefined : `@${cleaned}`
  return { package: kept === undefined ? folder : `${kept}/${folder}`, folder }
}

/** Words that JavaScript keeps for itself, and names that the generated files use. */
function isReserved(name: string): boolean {
  return reserved.has(name)
}

const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static ' +
    'super switch this throw true try typeof var void while with yield arguments eval undefined index data nn optim ' +
    'manifest options opt tf plain'
  ).split(' '),
)

/** `CutOut`, `cut_out`, `Cut Out 2` → `cut-out`, `cut-out`, `cut-out-2`; `class` → `class-trick`. */
function kebab(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+|-+$/g, '')
    .slice(0, longest - prefix.length)
  if (plain === '') return 'my-trick'
  return isReserved(plain) ? `${plain}-trick` : plain
}
