import { type Crop, createRng, type Stream } from '@tricklab/core'
import type { CropPlan, ImageSize } from '@tricklab/core/contracts'
import fc from 'fast-check'
import { seeds } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, isShapeError, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, show } from './spec.ts'

export interface CropSpec extends ComponentSpec {
  /** True where nothing is random: training then sees the region of validation. Otherwise regions must differ. */
  readonly fixed?: boolean
}

/** Runs the contract of a crop; the problems found, none for a sound one. */
export async function checkCrop(spec: CropSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(cropChecks, spec, selection)
}

// Fractions of pixels, computed in float64 along two ways, agree so far.
const slack = 1e-6

/** Images of all shapes: tiny ones, ones of a size that is usual, and strips. */
const sources: fc.Arbitrary<ImageSize> = fc.record({
  width: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 100, max: 700 })),
  height: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 100, max: 700 })),
})

export const cropChecks: readonly Check<CropSpec>[] = [
  ...optionChecks<CropSpec>('crop', async (_spec, registry, use) => {
    const crop = registry.create('crop', use, {})
    const streams = [1, 2, 3].map(streamOf)
    return show([crop.output, ...[null, ...streams].map((stream) => crop.draw(largeSource(crop), stream))])
  }),
  {
    name: 'regions have an area and lie inside the image',
    run: (spec) =>
      forDraws(spec, (_crop, source, plans) => {
        for (const plan of plans) checkRegion(plan, source)
      }),
  },
  {
    name: 'every image comes out in the size that is declared',
    run: (spec) =>
      forDraws(spec, ({ output }, _source, plans) => {
        const sides = [output.width, output.height]
        if (!sides.every((side) => Number.isSafeInteger(side) && side >= 1)) violate(`output is ${show(output)}`)
        for (const { outWidth, outHeight } of plans) {
          if (outWidth === output.width && outHeight === output.height) continue
          violate(`an image comes out as ${outWidth} × ${outHeight}; output says ${sides.join(' × ')}`)
        }
      }),
  },
  {
    name: 'no region is smaller than smallestRegion',
    run: (spec) =>
      forDraws(spec, (crop, source, plans) => {
        const { width, height } = crop.smallestRegion(source)
        const sound = width > 0 && height > 0 && width <= source.width + slack && height <= source.height + slack
        if (!sound) violate(`smallestRegion is ${width} × ${height} of ${describe(source)}`)
        for (const plan of plans) {
          if (plan.width >= width - slack && plan.height >= height - slack) continue
          const region = `${plan.width} × ${plan.height}`
          violate(`a region of ${region} is drawn from ${describe(source)}; smallestRegion is ${width} × ${height}`)
        }
      }),
  },
  {
    name: 'the same stream gives the same region, whatever was drawn before',
    run: (spec) =>
      forCrops(spec, (crop) =>
        forAll(fc.tuple(sources, sources, seeds), 60, ([source, other, seed]) => {
          const first = draw(crop, source, streamOf(seed))
          draw(crop, other, streamOf(seed + 1))
          const again = draw(crop, { ...source }, streamOf(seed))
          if (show(first) !== show(again)) violate(`${describe(source)}: first ${show(first)}, later ${show(again)}`)
        }),
      ),
  },
  {
    name: 'validation sees one region, in the centre and not mirrored',
    run: (spec) => forCrops(spec, (crop) => forAll(sources, 60, (source) => checkValidation(crop, source))),
  },
  {
    name: 'training sees other regions from stream to stream, unless nothing is random',
    run: (spec) => forCrops(spec, (crop) => checkRandomness(crop, spec.fixed === true)),
  },
]

const streamOf = (seed: number): Stream => createRng(seed).at('crop')

/** An image that is large enough for any crop, and no square. */
const largeSource = ({ output }: Crop): ImageSize => ({ width: 3 * output.width + 1, height: 2 * output.height + 1 })

const describe = ({ width, height }: ImageSize) => `an image of ${width} × ${height}`

async function forCrops(spec: CropSpec, body: (crop: Crop) => void | Promise<void>): Promise<void> {
  await forOptions(spec, 'crop', (registry, use) => body(registry.create('crop', use, {})))
}

/** Regions of validation and of a few streams, for images of all shapes. */
async function forDraws(
  spec: CropSpec,
  body: (crop: Crop, source: ImageSize, plans: readonly CropPlan[]) => void,
): Promise<void> {
  await forCrops(spec, (crop) =>
    forAll(fc.tuple(sources, seeds), 100, ([source, seed]) => {
      const streams = [null, ...[0, 1, 2, 3].map((offset) => streamOf(seed + offset))]
      body(
        crop,
        source,
        streams.map((stream) => draw(crop, source, stream)),
      )
    }),
  )
}

/** A region; an image that the crop refuses is left out. */
function draw(crop: Crop, source: ImageSize, stream: Stream | null): CropPlan {
  try {
    return crop.draw(source, stream)
  } catch (error) {
    if (isShapeError(error)) fc.pre(false)
    throw error
  }
}

function checkRegion(plan: CropPlan, source: ImageSize): void {
  const { left, top, width, height } = plan
  const area = width > 0 && height > 0
  const inside = left >= 0 && top >= 0 && left + width <= source.width + slack && top + height <= source.height + slack
  // Written so that NaN is found as well.
  if (!(area && inside)) violate(`the region ${show(plan)} does not lie inside ${describe(source)}`)
}

function checkValidation(crop: Crop, source: ImageSize): void {
  const plan = draw(crop, source, null)
  const again = draw(crop, source, null)
  if (show(plan) !== show(again)) violate(`${describe(source)}: first ${show(plan)}, later ${show(again)}`)
  if (plan.flip) violate('validation images are mirrored')
  // A region of whole pixels, before or after resizing, may be half a pixel off.
  const offset = (start: number, length: number, whole: number) => Math.abs(start + (length - whole) / 2)
  const granted = (length: number, out: number) => 0.5 * Math.max(1, length / out) + slack
  const central =
    offset(plan.left, plan.width, source.width) <= granted(plan.width, plan.outWidth) &&
    offset(plan.top, plan.height, source.height) <= granted(plan.height, plan.outHeight)
  if (!central) violate(`the region of validation ${show(plan)} is not the centre of ${describe(source)}`)
}

function checkRandomness(crop: Crop, fixed: boolean): void {
  const source = largeSource(crop)
  const found = new Set(Array.from({ length: 64 }, (_, seed) => show(crop.draw(source, streamOf(seed)))))
  if (!fixed && found.size === 1) violate('64 streams give one region; a crop without randomness says fixed: true')
  if (!fixed) return
  const validation = show(crop.draw(source, null))
  const other = [...found].find((plan) => plan !== validation)
  if (other !== undefined) violate(`training sees ${other}, validation ${validation}; fixed says nothing is random`)
}
