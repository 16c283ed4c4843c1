/** Crops that break one promise each. */
import { type Crop, definePlugin, opt } from '@tricklab/core'
import { checkCrop } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

/** A square of half the shorter side, anywhere. */
function createCrop(size: number): Crop {
  return {
    output: { width: size, height: size },
    draw({ width, height }, stream) {
      const side = Math.min(width, height) / 2
      const place = (length: number) => (stream?.uniform() ?? 0.5) * (length - side)
      const region = { left: place(width), top: place(height), width: side, height: side }
      return { ...region, outWidth: size, outHeight: size, flip: stream !== null, edges: 'region' }
    },
    smallestRegion: ({ width, height }) => ({
      width: Math.min(width, height) / 2,
      height: Math.min(width, height) / 2,
    }),
  }
}

const plugin = (change: (good: Crop) => Crop = (good) => good) =>
  definePlugin({
    name: 'crops',
    core: '^0.1.0',
    register: (on) =>
      on.crop('half', {
        doc: 'A crop.',
        options: { size: opt.integer({ min: 1, default: 8, doc: 'Size.' }) },
        create: ({ size }) => change(createCrop(size)),
      }),
  })

const broken = (breakage: string, check: string, message: RegExp, change: (good: Crop) => Crop): Broken => ({
  breakage,
  check,
  message,
  plugin: plugin(change),
})

/** Changes the regions that are drawn. */
const drawing =
  (change: (plan: ReturnType<Crop['draw']>, ...given: Parameters<Crop['draw']>) => Partial<ReturnType<Crop['draw']>>) =>
  (good: Crop): Crop => ({
    ...good,
    draw(source, stream) {
      const plan = good.draw(source, stream)
      return { ...plan, ...change(plan, source, stream) }
    },
  })

const inside = 'regions have an area and lie inside the image'
const smallest = 'no region is smaller than smallestRegion'
const validation = 'validation sees one region, in the centre and not mirrored'
let calls = 0

describeBroken({ plugin: plugin(), name: 'half' }, checkCrop, [
  broken(
    'leaves the image',
    inside,
    /does not lie inside an image of/,
    drawing((_plan, { width }) => ({ left: width - 1 })),
  ),
  broken(
    'rounds to nothing',
    inside,
    /^the region \{.*"width":0,/,
    drawing(({ width }) => ({ width: Math.floor(width) })),
  ),
  broken(
    'has no place',
    inside,
    /"top":null/,
    drawing(() => ({ top: Number.NaN })),
  ),
  broken(
    'keeps the sides of the region',
    'every image comes out in the size that is declared',
    /^an image comes out as \S+ × 8; output says 8 × 8/,
    drawing(({ width }) => ({ outWidth: Math.ceil(width) })),
  ),
  broken('promises larger regions', smallest, /^a region of .* is drawn from .*; smallestRegion is/, (good) => ({
    ...good,
    smallestRegion: (source) => source,
  })),
  broken('promises more than the image', smallest, /^smallestRegion is 1000 × 1000 of/, (good) => ({
    ...good,
    smallestRegion: () => ({ width: 1000, height: 1000 }),
  })),
  broken(
    'counts its calls',
    'the same stream gives the same region, whatever was drawn before',
    /^an image of .*: first .*, later/,
    drawing(() => ({ top: 1 / ++calls })),
  ),
  broken(
    'validates with what trains last',
    validation,
    /^an image of .*: first .*, later/,
    drawing((_plan, _source, stream) => (stream === null ? { left: 1 / ++calls } : {})),
  ),
  broken(
    'mirrors validation',
    validation,
    /^validation images are mirrored/,
    drawing(() => ({ flip: true })),
  ),
  broken(
    'validates in a corner',
    validation,
    /is not the centre of an image/,
    drawing(() => ({ left: 0 })),
  ),
  broken(
    'draws nothing',
    'training sees other regions from stream to stream, unless nothing is random',
    /^64 streams give one region/,
    (good) => ({ ...good, draw: (source) => good.draw(source, null) }),
  ),
])

const fixedPlugin = (change: (good: Crop) => Crop) =>
  plugin((good) => change({ ...good, draw: (source) => good.draw(source, null) }))

describeBroken(
  { plugin: fixedPlugin((good) => good), name: 'half' },
  (spec, only) => checkCrop({ ...spec, fixed: true }, only),
  [
    {
      breakage: 'is random after all',
      check: 'training sees other regions from stream to stream, unless nothing is random',
      message: /^training sees .*, validation .*; fixed says nothing is random/,
      plugin: plugin(),
    },
  ],
)
