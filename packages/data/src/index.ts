import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { augTransforms } from './augment/aug-transforms.ts'
import { cifar10, cifar100 } from './cifar/sets.ts'
import { randomResizedCrop } from './crops/random-resized-crop.ts'
import { resizeCenterCrop } from './crops/resize-center-crop.ts'
import { resizeCrop } from './crops/resize-crop.ts'
import { squashCenterCrop } from './crops/squash-center-crop.ts'
import { csvImages } from './csv-images/component.ts'
import { fashionMnist } from './fashion-mnist/dataset.ts'
import { imageFolder } from './image-folder/component.ts'
import { imagenet } from './imagenet/component.ts'
import { mnist } from './mnist/dataset.ts'
import { photoComponent } from './photos/component.ts'
import { imagenette, imagewoof } from './photos/families.ts'
import { classBalanced } from './samplers/class-balanced.ts'
import { repeatedAugmentation } from './samplers/repeated-augmentation.ts'
import { subset } from './samplers/subset.ts'
import { weighted } from './samplers/weighted.ts'
import { createSynthetic, syntheticFacts, syntheticOptions } from './synthetic/dataset.ts'

export { checkDataPaths } from './archive/data-paths.ts'
export { knownNormalization, type Normalization } from './batches/normalization.ts'
export {
  type BatchSourceOptions,
  createBatchSource,
  type NormalizedBatchSource,
  type PhotoSetup,
} from './batches/source.ts'
export { readImageSize } from './decode/image-size.ts'
export { encodePng } from './encode/png.ts'
export { toRgb } from './encode/rgb.ts'
export { givenPhotos, givenSamples, type ImageInput } from './given/given-images.ts'
export { type BatchSection, renderBatch, renderBatchPage, type ShownBatch } from './pages/batch-figures.ts'
export { countGroups, type DatasetReport, renderDatasetPage, reportDataset } from './pages/dataset-page.ts'
export { renderSamplePage, reportSamples, type SampleReport } from './pages/sample-page.ts'
export { checkTwoClasses } from './photos/check-classes.ts'
export { type KnownPhotos, knownPhotos } from './photos/known-digests.ts'
export type { IndexedPhoto, PhotoDataset } from './photos/open-files.ts'
export { type RecordedOrigin, readOrigin } from './photos/recorded-origin.ts'
export { createRandomSplit } from './split/random-split.ts'
export { createValidationViews } from './split/validation-views.ts'

/** The datasets, the crops, the augmentations of batches and the samplers. */
export const data = definePlugin({
  name: 'data',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) => [
    on.dataset('fashion-mnist', fashionMnist),
    on.dataset('mnist', mnist),
    on.dataset('cifar10', cifar10),
    on.dataset('cifar100', cifar100),
    on.dataset('synthetic', {
      doc: 'Images drawn from a seed for tests and first steps: one smooth pattern per class, plus noise.',
      options: syntheticOptions,
      facts: syntheticFacts,
      create: (options) => createSynthetic(options),
    }),
    on.dataset(
      'imagenette2',
      photoComponent(
        imagenette,
        2,
        'Imagenette v2: 9,469 training and 3,925 validation photos of 10 easy ImageNet classes.',
      ),
    ),
    on.dataset(
      'imagewoof2',
      photoComponent(
        imagewoof,
        2,
        'Imagewoof v2: 9,025 training and 3,929 validation photos of 10 dog breeds from ImageNet.',
      ),
    ),
    on.dataset(
      'imagenette',
      photoComponent(
        imagenette,
        1,
        'Imagenette v1, from before December 2019: 12,894 training and 500 validation photos.',
      ),
    ),
    on.dataset(
      'imagewoof',
      photoComponent(
        imagewoof,
        1,
        'Imagewoof v1, from before December 2019: 12,454 training and 500 validation photos.',
      ),
    ),
    on.dataset('image-folder', imageFolder),
    on.dataset('csv-images', csvImages),
    on.dataset('imagenet', imagenet),
    on.crop('random-resized-crop', randomResizedCrop),
    on.crop('resize-center-crop', resizeCenterCrop),
    on.crop('squash-center-crop', squashCenterCrop),
    on.crop('resize-crop', resizeCrop),
    on.augmentation('aug-transforms', augTransforms),
    on.sampler('weighted', weighted),
    on.sampler('class-balanced', classBalanced),
    on.sampler('subset', subset),
    on.sampler('repeated-augmentation', repeatedAugmentation),
  ],
})
