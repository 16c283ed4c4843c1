import path from 'node:path'
import { createRegistry, failAll, type Json, type OptionValues } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import permutedGroups, { designs, measureGraph, wireGroups } from '@tricklab/plugin-permuted-groups'
import { type DrawnDesign, groupsPage } from './groups/page.ts'

export interface GroupsArguments {
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

/** `pnpm lab groups`: the connections between channels that each design of permuted groups makes. */
export async function showGroups(given: GroupsArguments): Promise<void> {
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
