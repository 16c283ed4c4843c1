import type { Command } from 'commander'
import { createProgram } from '../ui/main.ts'
import { createProject } from './create.ts'

/** `npx -y @tricklab/cli init` */
export function initProgram(): Command {
  const program = createProgram(
    'init',
    'Makes a project around a table that trains in seconds, with package.json and tsconfig.json.',
  )
  return program.argument('[folder]', 'folder for the project', '.').action((folder: string) => {
    const files = createProject(folder)
    const manager = /^(pnpm|yarn)\//.exec(process.env.npm_config_user_agent ?? '')?.[1] ?? 'npm'
    process.stdout.write(
      [
        `The project is in ${folder}:`,
        ...files.map((file) => `  ${file}`),
        '',
        'Next:',
        ...(folder === '.' ? [] : [`  cd ${/^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder)}`]),
        `  ${manager} install`,
        `  ${manager} run repro    # trains every row of my-table.ts in seconds`,
        '',
      ].join('\n'),
    )
  })
}
