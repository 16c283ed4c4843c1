import type { Dataset, Predictor } from '@tricklab/core'
import { failAll } from '@tricklab/core/errors'
import type { NormalUse, Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import type { ImageInput } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { openBatches, openViews, type ProgressSink } from '@tricklab/train'
import { openRun } from '../evaluation/open-run.ts'
import { loadTrainedModel, type TrainedModel } from '../evaluation/trained-model.ts'
import { givenDataset } from './given-dataset.ts'
import { forSingleImages, withoutTraining } from './single-images.ts'

/** A class, and how probable the network takes it to be. */
export interface RankedClass {
  readonly name: string
  readonly probability: number
}

/** What a network says of one image. */
export interface Prediction {
  /** Every class, the likeliest first. */
  readonly ranked: readonly RankedClass[]
  /** The probability of every class by its name; they add up to 1. */
  readonly probabilities: { readonly [name: string]: number }
}

/** A trained network that is asked about images. */
export interface LoadedModel
  extends Pick<TrainedModel, 'row' | 'seed' | 'classes' | 'imageShape' | 'normalization' | 'crop'> {
  /**
   * The probabilities of the classes for an image, cropped and normalised as the recipe does with validation images.
   * @errors E_ARGUMENT for what is no image, E_SHAPE for one that the recipe cannot crop
   */
  predict(image: ImageInput): Promise<Prediction>
  /** The same for the validation split of a dataset of the row, image by image. */
  predictSplit(dataset: Dataset): AsyncIterable<Prediction>
  dispose(): void
}

export interface LoadOptions {
  /** Whose weights; default: the first seed that is done. */
  readonly seed?: number | undefined
  /** The file of the table, where it does not ship with Tricklab. */
  readonly table?: string | undefined
  /** Scores several views of every image: `'tta'`, `{ use: 'tta', views: 4 }`; default: that of the row, if it has one. */
  readonly predictor?: string | (Partial<NormalUse> & { readonly use: string }) | undefined
  /** Plugins beside those of the row that the predictor may come from. */
  readonly plugins?: readonly Plugin[] | undefined
  /** Folders searched for the dataset, where its images decide the normalisation. */
  readonly dataPaths?: readonly string[]
  /** Default: silence. */
  readonly progress?: ProgressSink
  readonly signal?: AbortSignal
}

/**
 * Loads the network of a run, with the preprocessing of its recipe. Where no engine is prepared yet, it is `auto`.
 * @param run the folder of a run, with weights
 * @errors those of openRun and loadTrainedModel
 */
export async function loadModel(run: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { table, seed, dataPaths = [], progress = () => {}, signal = new AbortController().signal } = options
  const opened = await openRun(run, table)
  if (tf.engine().backendName === undefined) await prepareEngine('auto')
  const { plugins } = options
  const trained = await loadTrainedModel(opened, { dataPaths, progress, signal, seed, plugins })
  const { predictor: use = trained.row.recipe.predictor } = options
  return asked(trained, use === undefined ? undefined : createPredictor(use), progress)

  function createPredictor(use: NonNullable<LoadOptions['predictor']>): Predictor {
    const { registry } = trained
    const normal = registry.normalize('predictor', use, `loadModel of ${run}`)
    failAll(normal.problems)
    return registry.create('predictor', normal.use, {})
  }
}

function asked(trained: TrainedModel, predictor: Predictor | undefined, progress: ProgressSink): LoadedModel {
  const { model, registry, rng, seed, classes, imageShape } = trained
  const single = forSingleImages(trained.row, trained.normalization)
  const row = predictor === undefined ? withoutTraining(single) : single

  async function* predictSplit(dataset: Dataset): AsyncGenerator<Prediction> {
    const services = { registry, rng, dataset, limits: {}, progress }
    const source = await openBatches(row, services)
    const views = predictor && (await openViews({ row, source, split: 0 }, services))
    const drawn = Array.from({ length: predictor?.views ?? 0 }, (_, view) =>
      views!.read('train', view, 0)[Symbol.asyncIterator](),
    )
    const score = (images: tf.Tensor4D) =>
      tf.tidy(() => tf.logSoftmax(model.apply(images, { training: false, rng })) as tf.Tensor2D)
    try {
      for await (const { images, targets } of source.read('valid', 0, 0)) {
        const plain = score(images)
        const seen: tf.Tensor2D[] = []
        for (const view of drawn) {
          const { value } = await view.next()
          seen.push(score(value.images))
          tf.dispose([value.images, value.targets])
        }
        // A predictor need not give a distribution: of views combined by their largest, the softmax is one.
        const probabilities = tf.tidy(() =>
          tf.softmax(predictor === undefined ? plain : predictor.combine(plain, seen)),
        )
        const values = await probabilities.data()
        tf.dispose([images, targets, plain, ...seen, probabilities])
        yield rank(values, classes)
      }
    } finally {
      for (const view of drawn) await view.return?.()
      await source.dispose?.()
      await views?.dispose?.()
    }
  }

  return {
    row: trained.row,
    seed,
    classes,
    imageShape,
    normalization: trained.normalization,
    crop: trained.crop,
    predictSplit,
    async predict(image) {
      for await (const prediction of predictSplit(await givenDataset(trained, [image], trained))) return prediction
      throw new Error('a split without an image')
    },
    dispose: () => model.dispose(),
  }
}

/** Outputs beyond the classes are named by their number: a network may have more of them than its dataset has classes. */
function rank(values: ArrayLike<number>, classes: readonly string[]): Prediction {
  const all = Array.from(values, (probability, index) => ({ name: classes[index] ?? `output ${index}`, probability }))
  return {
    ranked: all.toSorted((a, b) => b.probability - a.probability),
    probabilities: Object.fromEntries(all.map(({ name, probability }) => [name, probability])),
  }
}
