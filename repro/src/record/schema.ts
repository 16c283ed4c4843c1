import {
  anything,
  count,
  digest,
  digestOrUnknown,
  integer,
  type JsonShape,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  text,
  time,
} from './shape.ts'
import { type LogLine, recordSchema } from './types.ts'

const scores = mapOf(number)
const curve = mapOf(listOf(nullable(number)))

const reported = objectOf(
  { metric: text },
  {
    runs: listOf(number),
    mean: number,
    sd: number,
    n: count,
    leaderboard: number,
    curve: objectOf({}, { train: curve, valid: curve }),
  },
)

const metric = objectOf({
  name: text,
  better: oneOf('higher', 'lower'),
  format: objectOf({ style: oneOf('percent', 'number') }, { digits: count, unit: text }),
})

export const engineShape = objectOf({
  name: text,
  version: text,
  device: text,
  threads: count,
  precision: text,
  details: text,
})

export const environmentShape = objectOf({
  node: text,
  tfjs: text,
  os: text,
  cpu: text,
  cores: count,
  memoryGiB: number,
  commit: nullable(text),
  dirty: nullable(digestOrUnknown),
  lockfile: nullable(digest),
  plugins: mapOf(text),
})

const origin = { engine: engineShape, environment: environmentShape, started: time, ended: nullable(time) }

const resumption = objectOf({
  engine: engineShape,
  environment: environmentShape,
  started: time,
  seeds: listOf(integer),
})
const seedOrigin = objectOf({
  host: text,
  cpu: text,
  engine: text,
  version: text,
  precision: text,
  threads: count,
  commit: nullable(text),
})
const sealShape = objectOf({ manifest: digest, files: mapOf(digest) })

/** Shape of `manifest.json`. */
export const manifestShape = objectOf(
  {
    ...origin,
    schema: oneOf(recordSchema),
    table: text,
    title: text,
    source: text,
    row: text,
    recipeHash: digest,
    recipe: anything,
    reported: nullable(reported),
    tolerance: nullable(number),
    partial: nullable(objectOf({}, { epochs: count, limitTrain: count, limitValid: count })),
    seeds: listOf(integer),
    dataset: objectOf({ name: text, digest: text, train: count, valid: count }, { classes: count, note: text }),
    hooks: mapOf(listOf(text)),
    status: mapOf(oneOf('running', 'stopped', 'failed', 'done')),
  },
  {
    note: text,
    seal: sealShape,
    metrics: listOf(metric),
    joined: listOf(objectOf({ ...origin, seeds: listOf(integer) })),
    resumed: listOf(resumption),
  },
)

/** Shape of a line of `seed-N.jsonl`, by event. */
export const lineShapes: { readonly [E in LogLine['event']]: JsonShape } = {
  start: objectOf({ event: text, seed: integer, time }, { origin: seedOrigin }),
  resume: objectOf({ event: text, step: count, time }, { origin: seedOrigin }),
  step: objectOf(
    { event: text, epoch: count, step: count, size: count, loss: number, learningRate: number, seconds: number },
    { stage: count, momentum: number },
  ),
  epoch: objectOf(
    { event: text, epoch: count, step: count, train: scores, valid: scores, seconds: number },
    { stage: count, waited: number },
  ),
  stop: objectOf({ event: text, epoch: count, step: count, reason: text }, { stage: count }),
  predict: objectOf({ event: text, predictor: text, result: scores, seconds: number }),
  end: objectOf(
    { event: text, step: count, time, seconds: number, result: scores, peakMemoryMiB: number, weights: digest },
    { weightsOf: text },
  ),
}
