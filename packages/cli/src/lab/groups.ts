import path from 'node:path'
import { createRegistry, type Json, type OptionValues } from '@tricklab/core'
import { failAll } from '@tricklab/core/errors'
import { writeFileAtomic } from '@tricklab/core/files'
import permutedGroups, { designs, measureGraph, wireGroups } from '@tricklab/plugin-permuted-groups'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { outFile } from '../ui/out-file.ts'
import { type DrawnDesign, groupsPage } from './groups/page.ts'

interface GroupsArguments {
  readonly channels: number
  readonly channelsPerGroup: number
  readonly design?: string
  readonly links?: number
  readonly rewire?: number
  readonly wiring?: number
  readonly out: string
  readonly json?: boolean
}

type Values = OptionValues<Parameters<typeof wireGroups>[0] extends OptionValues<infer S> ? S : never>

/** Declares `lab groups`. */
export function addGroups(program: Command): void {
  program
    .command('groups')
    .description('write a page that shows which channels each design of permuted groups connects')
    .option('--channels <n>', 'channels in and out', wholeNumber('--channels', 1), 64)
    .option('--channels-per-group <n>', 'channels of a group', wholeNumber('--channels-per-group', 1), 4)
    .option('--design <name>', 'one design; default: all of them')
    .option('--links <n>', 'small-world: how many groups each group reads', wholeNumber('--links', 1))
    .option('--rewire <p>', 'small-world: probability that a link leaves its meta-group', Number)
    .option('--wiring <n>', 'small-world: number of the random wiring', wholeNumber('--wiring', 0))
    .option('--out <file>', 'file for the page', outFile, 'groups.html')
    .option('--json', 'one JSON array of designs on standard output, no page')
    .action((options: GroupsArguments) => showGroups(options))
}

/** `pnpm lab groups`: the connections between channels that each design of permuted groups makes. */
async function showGroups(given: GroupsArguments): Promise<void> {
  const names = given.design === undefined ? designs : [given.design]
  const drawn = names.map((design) => drawDesign(design, given))
  if (given.json === true) {
    process.stdout.write(`${JSON.stringify(drawn)}\n`)
    return
  }
  const file = path.resolve(given.out)
  await writeFileAtomic(file, [groupsPage(given.channels, drawn)])
  process.stdout.write(`Groups: ${file}\n`)
}

function drawDesign(
  design: string,
  { channels, channelsPerGroup, links, rewire, wiring }: GroupsArguments,
): DrawnDesign {
  const small = Object.entries({ links, rewire, wiring }).filter(([, value]) => value !== undefined)
  const options = design === 'small-world' ? (Object.fromEntries(small) as { [option: string]: Json }) : {}
  const registry = createRegistry([permutedGroups])
  const { use, problems } = registry.normalize(
    'block',
    { use: 'permuted-groups', design, channelsPerGroup, ...options } as { use: string },
    'lab groups',
  )
  failAll(problems)
  const wired = wireGroups(use as unknown as Values, channels)
  return { design, channelsPerGroup, ...wired, measures: measureGraph(wired.links) }
}
