import { formatOptionTable } from '@tricklab/core'
import {
  type AnyRegistration,
  type Kind,
  kinds,
  type Plugin,
  type SlotDeclarations,
  slotOf,
} from '@tricklab/core/plugin'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { groupBy } from '../group-by.ts'
import { escapeText, markdownTable, type Page } from '../page.ts'
import { registrations } from '../registrations.ts'

const builtIn: readonly Plugin[] = [data, nn, optim] as readonly Plugin[]

const titles: Readonly<Record<Kind, string>> = {
  dataset: 'Datasets',
  crop: 'Crops',
  augmentation: 'Augmentations',
  model: 'Models',
  block: 'Blocks',
  activation: 'Activations',
  loss: 'Losses',
  optimizer: 'Optimizers',
  schedule: 'Schedules',
  metric: 'Metrics',
  sampler: 'Samplers',
  predictor: 'Predictors',
  callback: 'Callbacks',
}

/** What `data`, `nn` and `optim` register: names that every recipe with these plugins can use, with their options. */
export function componentsPage(): Page {
  const all = builtIn.flatMap((plugin) => registrations(plugin).map((item) => ({ plugin: plugin.name, item })))
  const sections = kinds.flatMap((kind) => {
    const found = all.filter(({ item }) => item.kind === kind)
    if (found.length === 0) return []
    return [`## ${titles[kind]}`, ...families(found).map(renderFamily)]
  })
  return {
    path: 'api/components',
    title: 'Components',
    markdown: `# Components

What a recipe can name once \`data\`, \`nn\` and \`optim\` are in its \`plugins\`. The components of tricks are on
[their own pages](/tricks/).

${sections.join('\n\n')}
`,
  }
}

interface Found {
  readonly plugin: string
  readonly item: AnyRegistration
}

/** Neighbours with the same options, such as the depths of a ResNet, stand together. */
function families(found: readonly Found[]): readonly (readonly Found[])[] {
  return [
    ...groupBy(found, ({ item: { component } }) => JSON.stringify([component.options, component.slots])).values(),
  ].flatMap((members) =>
    Object.keys(members[0]!.item.component.options).length === 0 ? members.map((one) => [one]) : [members],
  )
}

/** Names, docs, options and slots. */
function renderFamily(members: readonly Found[]): string {
  const [{ plugin, item }] = members as [Found, ...Found[]]
  const { options, slots = {} } = item.component
  const docs = members.map(({ item: { name, component } }) =>
    members.length === 1
      ? `${escapeText(component.doc)} Plugin: \`${plugin}\`.`
      : `- \`${name}\`: ${escapeText(component.doc)}`,
  )
  return [
    `### ${members.map(({ item: { name } }) => name).join(', ')} {#${item.kind}-${item.name}}`,
    docs.join('\n'),
    ...(Object.keys(options).length === 0 ? [] : [formatOptionTable(options)]),
    ...(Object.keys(slots).length === 0 ? [] : [slotTable(slots)]),
  ].join('\n\n')
}

export function slotTable(slots: SlotDeclarations): string {
  const rows = Object.entries(slots).map(([name, declaration]) => {
    const { kind, default: standard, places, many } = slotOf(declaration)
    return [
      `\`${name}\``,
      many === true ? `${kind}s` : kind,
      standard === null ? 'empty' : `\`${standard}\``,
      places === undefined ? '' : places.map((place) => `\`${place}\``).join(', '),
    ]
  })
  return markdownTable(['slot', 'takes', 'default', 'where'], 'llll', rows)
}
