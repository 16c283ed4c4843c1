/** Rows that are to be trained before all others, and how many of their seeds. */
export interface Headlines {
  /** `TABLE/ROW`, the first one first. */
  readonly rows: readonly string[]
  /** How many of the seeds of each come before everything else. */
  readonly seeds: number
}

const of = (table: string, ...rows: readonly string[]): string[] => rows.map((row) => `${table}/${row}`)

/**
 * What `repro plan` begins with: rows whose source used exactly the photos that can be had, then what the project is known
 * by, then one seed of every row of its table and of the tables beside it.
 */
export const headlines: readonly Headlines[] = [
  { seeds: 5, rows: of('imagewoof-128-5', 'fastai2-maxblurpool', 'fastai2-maxpool', 'ranger-mish', 'maxblurpool') },
  { seeds: 3, rows: of('imagewoof-128-5', 'new-resblock') },
  {
    seeds: 1,
    rows: [
      ...of(
        'imagewoof-128-5',
        'ranger-mish-ssa',
        'ranger-mish-v2',
        'groups-of-8-layers-4-6-8-10',
        'groups-of-8-layers-4-6-8-10-2-cycles',
        'groups-of-16-layers-4-6-8-10',
        'groups-of-4-layers-4-6-8-10',
        'depthwise-x2',
        'depthwise-x4',
        'depthwise-x6',
      ),
      ...of(
        'imagewoof-twist-layer',
        'xse-resnext18',
        'xse-resnext18-twist-everywhere',
        'xse-resnext18-deep',
        'xse-resnext18-deep-twist-everywhere',
        'xresnet50-ssa',
      ),
      ...of('imagewoof-192-5', 'groups-of-8-layers-4-6-8-10'),
      ...of('imagenette-128-5', 'leaderboard-2019', 'replication', 'maxblurpool', 'record-2021'),
      ...of('imagenette-224-5', 'fp32', 'fp16', 'normalized'),
      ...of('imagenette-progressive', 'seed-faithful', 'official-split', 'seed-faithful-tta', 'official-split-tta'),
      ...of('imagenette-mixup-15', 'mixup'),
      ...of('imagenette-label-smoothing-15', 'label-smoothing'),
      ...of('imagenette-combined', 'seed-faithful', 'official-split'),
    ],
  },
]
