/** Puts the options of every trick, as they are declared, into the tables of its README. `pnpm docs:options`. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { registrations } from '../docs/src/registrations.ts'
import { tricks } from '../docs/src/tricks/list.ts'
import { formatOptionTable } from '../packages/core/src/index.ts'
import type { OptionSchema } from '../packages/core/src/options.ts'

const plugins = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../plugins')

/** A README with the table that lists these options made anew; unchanged where there is none. */
function withTable(readme: string, options: OptionSchema): string {
  const names = Object.keys(options).map((name) => `\`${name}\``)
  return readme.replaceAll(/^\| option .*\n(?:\|.*(?:\n|$))+/gm, (table) => {
    const listed = table
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) => line.split('|')[1]!.trim())
    return listed.join() === names.join() ? `${formatOptionTable(options)}\n` : table
  })
}

for (const { name, plugin } of tricks) {
  const file = path.join(plugins, name, 'README.md')
  // Of components with equal names of options, such as the sizes of EfficientNet, the README shows the first.
  const schemas = registrations(plugin)
    .map(({ component }) => component.options)
    .reverse()
  writeFileSync(file, schemas.reduce(withTable, readFileSync(file, 'utf8')))
}
