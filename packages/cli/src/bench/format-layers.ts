import { formatEnvironment } from './environment.ts'
import type { LayersResult } from './layers.ts'
import { formatNumber, formatSpread, formatTable } from './text.ts'

const forms = {
  twist: ['fused', 'three convolutions'],
  groups: ['grouped', 'masked dense'],
} as const

/** Both forms of a layer as plain text. */
export function formatLayers({ layer, engine, environment, options, wanted, measured }: LayersResult): string {
  const [fast, naive] = forms[layer]
  const { batch, channelsPerGroup, turns, steps } = options
  const groups = layer === 'groups' ? `, ${channelsPerGroup} channels a group` : ''
  return [
    formatEnvironment(environment),
    `${layer}  batch ${batch}${groups}  ${[engine.name, engine.version, engine.precision, engine.details].join(' ')}`,
    '',
    formatTable(
      [
        ['channels', 'px', 'pass', `${fast}, ms`, `${naive}, ms`, 'ratio', 'by processor time', 'difference'],
        ...measured.map(({ channels, size, pass, fastMs, naiveMs, ratio, processorRatio, difference }) => [
          String(channels),
          String(size),
          pass,
          formatNumber(fastMs.median),
          formatNumber(naiveMs.median),
          formatSpread(ratio),
          formatSpread(processorRatio),
          difference.toExponential(1),
        ]),
      ],
      [2],
    ),
    '',
    `median (least–greatest) of ${turns} turns of ${steps} steps, one form after the other; ratio: ${naive} / ${fast}, wanted ${wanted}`,
  ].join('\n')
}
