/**
 * The contracts: what a dataset, block, model, loss, optimizer, schedule, metric and callback must offer.
 *
 * Tensors are NHWC float32. Targets are always probabilities `[batch, classes]`, so label smoothing and mixup are plain
 * maths on targets and no loss is ever swapped. Whoever creates a tensor disposes of it; a batch that a hook returned
 * belongs to the loop.
 */
import type { FusedActivation } from './fused.ts'
import type { Json } from './json.ts'
import type { Rng, Stream } from './rng/index.ts'
import type * as tf from './tf.ts'

/** `train` is learned from; `valid` is the split whose result is reported. */
export type Split = 'train' | 'valid'

/** Shape of one image, without the batch axis: `[height, width, channels]`. */
export type Shape = readonly [height: number, width: number, channels: number]

/** One decoded image: bytes in height × width × channels order, and its class. */
export interface Sample {
  readonly pixels: Uint8Array
  readonly shape: Shape
  /** Index into `Dataset.classes`. */
  readonly label: number
}

/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** An encoded image: where it lies, what it shows, how it is read, and its size then. */
export interface Photo extends ImageSize {
  readonly path: string
  /** Turn the image as its EXIF orientation says. Absent: the pixels as they are stored, which is what PIL reads. */
  readonly upright?: boolean | undefined
  /** Convert the colours from the embedded profile to sRGB. Absent: the numbers as they are stored. */
  readonly srgb?: boolean | undefined
  /** The image in the file is larger: it is resized to `width` × `height` as soon as it is decoded. */
  readonly shrunk?: boolean
  /** What the file holds, for an image that is no file: `path` is only its name then. It is not kept decoded. */
  readonly bytes?: Uint8Array
  /** Index into `Dataset.classes`. */
  readonly label: number
  /** SHA-256 of the file, where it is known: by it what was decoded is found again, in whichever split it lies. */
  readonly sha256?: string
}

export interface Dataset {
  readonly classes: readonly string[]
  /** SHA-256 (hex) of what the dataset consists of: equal digests mean equal images and labels. */
  readonly digest: string
  size(split: Split): number
  /** @param as the split whose way of reading applies, where another split than the dataset's is made; default `split` */
  read(split: Split, index: number, as?: Split): Promise<Sample>
  /** The same sample at once, for datasets held in memory: spares a promise a sample. `pixels` must not be written to. */
  readSync?(split: Split, index: number): Sample
  /** Datasets of encoded images: the file of a sample. Workers decode it, so its size may differ from image to image. */
  photo?(split: Split, index: number, as?: Split): Photo
  /** What a record must say of this data: no official archive, images left out. One or more sentences. */
  readonly note?: string
  dispose?(): void
}

/** What is certain of a dataset before it is opened: what needs no more does not ask for the data. */
export interface DatasetFacts {
  /** Absent where only the data themselves tell, as of photos in folders. */
  readonly classes?: readonly string[]
  /** Where all images are of one shape; photos get theirs from the crops. */
  readonly imageShape?: Shape
  /** Datasets of photos: how those of the validation split are read, so that another photo can be read alike. */
  readonly reading?: PhotoReading
  /** Absent where only the data themselves tell. */
  readonly contents?: DatasetContents
}

/** How the files of a dataset are read before they are cropped. */
export interface PhotoReading extends Pick<Photo, 'upright' | 'srgb'> {
  /** Shorter side to which larger photos are shrunk; 0 or absent: they keep their size. @unit pixels */
  readonly shorterSide?: number
}

/** Sizes and digests of a dataset. The check of a record compares the record with them. */
export interface DatasetContents {
  readonly train: number
  readonly valid: number
  /** Digests of the builds that are known. */
  readonly digests: readonly string[]
  /** Whether there is no other build. Where there may be one, only the repository's own records must be of a known one. */
  readonly exhaustive: boolean
}

/**
 * A region of an image and the size it is resized to. Region in pixels of the image as it is read, fractions allowed; it is
 * resized by antialiased bilinear filtering and then mirrored left to right where `flip` says so.
 */
export interface CropPlan {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly outWidth: number
  readonly outHeight: number
  readonly flip: boolean
  /**
   * Where the filter may take pixels from at the region's edges: from the `region` alone, as when an image is cropped
   * and then resized, or from the whole `image`, as when it is resized and then cropped.
   */
  readonly edges: 'region' | 'image'
}

/** One of the times that training sees an image. */
export interface Visit {
  /** Of the image in its split. */
  readonly index: number
  readonly epoch: number
  /** How often it came before in this epoch. */
  readonly repeat: number
}

/** Chooses the region of an image that the network sees: data, drawn apart from the decoding that carries it out. */
export interface Crop {
  /** Size of every image that comes out. */
  readonly output: ImageSize
  /**
   * The region for an image of this size. All that is random comes from the stream; validation passes null and gets the
   * one central region.
   * @param visit which image comes for which time; validation passes null
   * @errors E_SHAPE when this crop cannot be taken from such an image
   */
  draw(source: ImageSize, stream: Stream | null, visit?: Visit | null): CropPlan
  /** Lower bound of the regions that `draw` may choose: how far a decoder may shrink the image beforehand. */
  smallestRegion(source: ImageSize): ImageSize
}

/** What a sampler chooses from. */
export interface SampledSplit {
  /** Class of every training sample that there is. */
  readonly labels: ArrayLike<number>
  readonly classes: readonly string[]
  readonly epoch: number
  /** What the recipe says of `shuffle`: whether a new order is wanted in each epoch. */
  readonly shuffle: boolean
}

/** Chooses which training samples an epoch visits, how often, and in which order. Without one, every sample once. */
export interface Sampler {
  /** How many samples an epoch visits, of so many that there are: a whole number from 1, known before anything is read. */
  size(available: number): number
  /**
   * The positions that an epoch visits, as many as `size` says. A pure function: all that is random comes from `rng`, keyed
   * by the epoch where epochs differ (`rng.at('weighted', epoch)`), so that any epoch can be drawn without those before it.
   * @errors E_OPTION_RANGE where an option does not fit the classes
   */
  draw(split: SampledSplit, rng: Rng): ArrayLike<number>
}

/** Changes training batches at random. Pixels are in [0, 1] and stay there; normalisation comes afterwards. */
export interface Augmentation {
  /** Size of the images that come out; absent when it does not change. */
  output?(input: ImageSize): ImageSize
  /** A new tensor; `images` stays the caller's. Runs inside a tidy. */
  apply(images: tf.Tensor4D, stream: Stream): tf.Tensor4D
  /**
   * What `apply` does with this stream, as data for every image of a batch: decoding threads then carry it out on the
   * pixels they have at hand. Only for what an `ImageTransform` can say; absent otherwise.
   */
  plan?(stream: Stream, batch: number, input: ImageSize): readonly ImageTransform[]
}

/** An augmentation of one image as data: operations of bytes, areas averaged, points of a projective map sampled, light. */
export interface ImageTransform {
  /** Done first, on bytes, one after the other; absent: none. */
  readonly operations?: readonly ImageOperation[]
  /** Size to which areas are averaged; absent: none. Only with a map. */
  readonly shrinkTo?: ImageSize
  /**
   * Nine numbers, row by row: where a point (x, y, 1) of the output looks in the input. Coordinates run from −1 to 1
   * between the centres of the outermost pixels; beyond them the image is mirrored. Absent: the image stays in its place.
   */
  readonly map?: readonly number[]
  /** sigmoid(contrast · (logit(pixel) + shift)); absent when it changes nothing. */
  readonly light?: { readonly shift: number; readonly contrast: number }
}

/** A step of AutoAugment and its successors on bytes; `@tricklab/data/operations` carries it out as Pillow does. */
export interface ImageOperation {
  /**
   * What `amount` is: pixels to the right or down (`translate-`), a share of the other side (`shear-`), degrees
   * counter-clockwise (`rotate`), bits (`posterize`), the least value that is inverted (`solarize`), nothing
   * (`auto-contrast`, `equalize`), else a factor that at 1 changes nothing.
   */
  readonly name:
    | 'shear-x'
    | 'shear-y'
    | 'translate-x'
    | 'translate-y'
    | 'rotate'
    | 'brightness'
    | 'colour'
    | 'contrast'
    | 'sharpness'
    | 'posterize'
    | 'solarize'
    | 'auto-contrast'
    | 'equalize'
  readonly amount?: number
  /** Bilinear where pixels change their place; absent: the nearest. */
  readonly smooth?: boolean
}

/**
 * A tensor of a model with its role. `weight` is decayed by convention; `bias` and `norm` often are not, nor are a `scale`
 * (a learned factor of a branch, such as a layer scale) and a `token` (an input that is learned, such as a class token or
 * positions); a `buffer` (running statistics) is state without a gradient.
 */
export interface Param {
  readonly value: tf.Variable
  readonly role: 'weight' | 'bias' | 'norm' | 'scale' | 'token' | 'buffer'
}

/** Parameters by name, nested as the model is. Leaves are told apart by their `value`. */
export interface ParamTree {
  readonly [name: string]: Param | ParamTree
}

/** A parameter with its full path, such as `layers/2/conv/weight`, and what the recipe's `params` say of it. */
export interface NamedParam extends Param {
  readonly path: string
  /** Multiplies the learning rate of a step. Absent: 1. */
  readonly learningRate?: number
  /** Multiplies the optimizer's weight decay. Absent: 1. */
  readonly weightDecay?: number
  /** Not trained: an optimizer never sees it. */
  readonly frozen?: true
}

export interface ApplyContext {
  readonly training: boolean
  /** Keyed by seed, step and the block's place in the model. */
  readonly rng: Rng
}

/** What a training step keeps of one image until its backward pass. */
export interface Kept {
  /** Whether the input is kept: that is one tensor, also where what stands before keeps it as its output. */
  readonly input: boolean
  readonly output: boolean
  /** Numbers beside input and output. */
  readonly inside: number
}

/** A differentiable map from images to images. `apply` runs inside the gradient tape and a tidy. */
export interface Block {
  readonly params: ParamTree
  /** @errors E_SHAPE when this input cannot be processed. */
  outputShape(input: Shape): Shape
  /** Multiply-accumulates for one image. */
  macs(input: Shape): number
  /** What a training step keeps of it. Default: its input alone, as convolutions and norms do. */
  kept?(input: Shape): Kept
  apply(images: tf.Tensor4D, context: ApplyContext): tf.Tensor4D
  dispose(): void
}

/** A differentiable function of every value by itself, without parameters. */
export interface Activation {
  /** @shape `[N, H, W, C]`, kept */
  apply(x: tf.Tensor4D): tf.Tensor4D
  /** The same function inside a fused kernel, such as batch norm's. */
  readonly fused?: FusedActivation
}

/** One line of a model's summary. */
export interface ModelLayer {
  readonly name: string
  /** The registry name of the block, or the kind of layer. */
  readonly type: string
  readonly block: Block
}

/** A whole network: images in, scores (logits) `[batch, classes]` out. */
export interface Model {
  readonly params: ParamTree
  /**
   * The layers in order, each applied to the output of the one before; together they hold every parameter and `apply`
   * does no more than flatten the last output. Each draws in the scope of its name. Summaries and the search for a NaN
   * walk along them.
   */
  readonly layers: readonly ModelLayer[]
  readonly inputShape: Shape
  /**
   * Width of the scores: the dataset's classes, or more where a source trained a wider network. The loop pads the targets
   * with zeros to it.
   */
  readonly classes: number
  macs(input: Shape): number
  apply(images: tf.Tensor4D, context: ApplyContext): tf.Tensor2D
  dispose(): void
}

/** Mean loss over the batch, differentiable with respect to the scores. */
export interface Loss {
  /** No batch has a smaller loss: the check of a record refuses one. Default: there is no bound. */
  readonly least?: number
  apply(scores: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar
}

/** What a schedule decides for one step. */
export interface Hyperparameters {
  readonly learningRate: number
  /** Replaces the optimizer's momentum (β1 of the Adam family) when given. */
  readonly momentum?: number
}

/**
 * The value of the scheduled hyperparameters at step 0 … totalSteps−1; a pure function, so resuming needs no state.
 * Steps of a schedule are updates of the weights in one fit: batches, unless the recipe accumulates gradients.
 */
export interface Schedule {
  at(step: number): Hyperparameters
}

/** Loss and gradients of a batch once more. Whoever asks disposes of them. */
export interface GradientsAgain {
  readonly loss: tf.Scalar
  /** `gradients[i]` belongs to `params[i]` of the step. */
  readonly gradients: readonly tf.Tensor[]
}

/** Its options have a `learningRate`, the schedule's peak; or it wraps another optimizer, whose rate that is. */
export interface Optimizer {
  /** Forward and backward passes of an update: above 1 where it asks for gradients again. Default 1. */
  readonly passes?: number
  /**
   * Whether `step` takes all parameters at once, each with the factor of its own learning rate, as it must where it wraps
   * another optimizer. Default: it is called once for every learning rate, which `hyper` has, so that it need not know of
   * any factor. One of several passes takes them at once in any case.
   */
  readonly together?: boolean
  /**
   * Updates the variables in place; `gradients[i]` belongs to `params[i]`. `step` counts from 1.
   * @param again loss and gradients of the same batch at the weights as they are now, with the same draws; running
   * statistics stay as they are. Always there in a training
   */
  step(
    params: readonly NamedParam[],
    gradients: readonly tf.Tensor[],
    hyper: Hyperparameters,
    step: number,
    again?: () => Promise<GradientsAgain>,
  ): void | Promise<void>
  /** Moments and other tensors by name; still owned by the optimizer. */
  state(): { readonly [name: string]: tf.Tensor }
  /** Takes over the values of a saved state (copies them). */
  restore(state: { readonly [name: string]: tf.Tensor }): void
  dispose(): void
}

/** How the values of a metric are written. */
export interface MetricFormat {
  /**
   * `percent`: a share of the samples, from 0 to 1, written in per cent; differences are percentage points, and the
   * number of samples says how exactly it is known. `number`: as it is.
   */
  readonly style: 'percent' | 'number'
  /** Digits behind the point. Default: 2 in per cent, 4 for a number. */
  readonly digits?: number
  /** What stands behind a plain number, such as `ms`. */
  readonly unit?: string
}

/**
 * A number computed over all samples of an epoch, never a mean of batch means.
 * `update` may be asynchronous because some engines cannot be read synchronously.
 */
export interface Metric {
  readonly name: string
  /** Which values are good ones: verdicts and ablations read it. */
  readonly better: 'higher' | 'lower'
  /** How values are written, in terminals, reports and charts alike. Default: a number with four digits. */
  readonly format?: MetricFormat
  /** Whether so many samples can give a value: the check of a record refuses others. Default: every finite number. */
  possible?(value: number, samples: number): boolean
  update(scores: tf.Tensor2D, targets: tf.Tensor2D): void | Promise<void>
  compute(): number
  reset(): void
  /** What was gathered so far, so that a run can stop and resume inside an epoch. */
  state(): Json
  restore(state: Json): void
}

/**
 * Scores a sample from several views of it, as test-time augmentation does: from the plain one that validation sees, and
 * from views drawn by the training crops and augmentations.
 */
export interface Predictor {
  /** How many views are drawn of every sample. */
  readonly views: number
  /**
   * The log-probabilities of a batch from those of its views; what comes out are scores to metrics and loss. Runs inside
   * a tidy.
   * @shape `[batch, classes]`, all of them
   */
  combine(plain: tf.Tensor2D, views: readonly tf.Tensor2D[]): tf.Tensor2D
}

/** Batches of a dataset in the order of an epoch. */
export interface BatchSource {
  readonly classes: readonly string[]
  /** Shape of the images that validation sees, and training as well unless `trainShape` says otherwise. */
  readonly imageShape: Shape
  /** Shape of the images that training sees, where it is another. */
  readonly trainShape?: Shape
  /** Samples that an epoch of this split visits. */
  samples(split: Split): number
  /** Batches in an epoch of this split. */
  batches(split: Split): number
  /** The batches `from`, `from + 1`, … of an epoch; each belongs to the caller. */
  read(split: Split, epoch: number, from: number): AsyncIterable<SourceBatch>
  /** Gives up buffers and files; nothing may be read any more. */
  dispose?(): void
}

export interface SourceBatch {
  readonly images: tf.Tensor4D
  readonly targets: tf.Tensor2D
  readonly size: number
}

/** A batch on its way through the loop. */
export interface Batch extends SourceBatch {
  readonly training: boolean
  readonly epoch: number
  /** Index of the batch in its epoch. */
  readonly index: number
  /** Training steps (batches) done before this batch; counts over all epochs and stages. */
  readonly step: number
}

/** Metric values of one split of an epoch, `loss` among them. */
export type Scores = Readonly<Record<string, number>>

export interface FitInfo {
  /** Epochs of this fit; in a training of several stages, of this stage. */
  readonly epochs: number
  /** Stage of the training, from 0; undefined where it has none. */
  readonly stage: number | undefined
  /** Epochs and steps of the stages before: epochs and steps count on over all of them. */
  readonly firstEpoch: number
  readonly firstStep: number
  readonly stepsPerEpoch: number
  /** Forward and backward passes of a step. */
  readonly passes: number
  readonly validSteps: number
  /** Where it begins now: behind the first epoch and step where it resumes. */
  readonly startEpoch: number
  readonly startStep: number
  readonly params: readonly NamedParam[]
}

export interface StepResult {
  readonly epoch: number
  readonly index: number
  readonly step: number
  readonly size: number
  readonly training: boolean
  readonly loss: number
  /** Undefined for validation batches. */
  readonly hyper: Hyperparameters | undefined
  /** Why the training ends with this epoch, once a callback said so. */
  readonly stop?: string
}

/**
 * Ends a training with the epoch at hand. Nothing more is trained on; the epoch is validated as always, so that there is a
 * result, and later stages go on from there. The first answer counts, under the name of its callback.
 */
export interface Stop {
  /** Why, in a few words for the log and the record. */
  readonly stop: string
}

/**
 * Payload and possible answer of every event. A hook returns only what it changes; it does not reach into the learner.
 * `afterPredict` and `afterLoss` run inside the gradient tape: synchronous, tensor maths only.
 */
export interface Events {
  beforeFit: { payload: FitInfo; answer: void }
  /** `index`: batches of this split that are done already; above 0 only where a fit resumes inside an epoch. */
  beforeEpoch: { payload: { readonly epoch: number; readonly split: Split; readonly index: number }; answer: void }
  beforeBatch: { payload: Batch; answer: Batch }
  afterPredict: { payload: Batch & { readonly scores: tf.Tensor2D }; answer: { scores: tf.Tensor2D } }
  afterLoss: {
    payload: Batch & { readonly scores: tf.Tensor2D; readonly loss: tf.Scalar }
    answer: { loss: tf.Scalar }
  }
  /**
   * Once an update, and once more for gradients that the optimizer asks for again: they are the mean over all samples of
   * the batches that the update gathers, `step` is of the last.
   */
  afterBackward: {
    payload: { readonly step: number; readonly params: readonly NamedParam[]; readonly gradients: readonly tf.Tensor[] }
    answer: { gradients: readonly tf.Tensor[] }
  }
  afterStep: { payload: { readonly step: number; readonly params: readonly NamedParam[] }; answer: void }
  afterBatch: { payload: StepResult; answer: Stop }
  afterEpoch: {
    payload: {
      readonly epoch: number
      readonly step: number
      readonly train: Scores
      readonly valid: Scores
      /** Why the training ends with this epoch, once a callback said so. */
      readonly stop?: string
    }
    answer: Stop
  }
  afterFit: { payload: { readonly epochs: number; readonly step: number }; answer: void }
  cleanup: { payload: undefined; answer: void }
}

export type EventName = keyof Events

/** The events in the order in which they happen. */
export const eventNames = [
  'beforeFit',
  'beforeEpoch',
  'beforeBatch',
  'afterPredict',
  'afterLoss',
  'afterBackward',
  'afterStep',
  'afterBatch',
  'afterEpoch',
  'afterFit',
  'cleanup',
] as const satisfies readonly EventName[]

/** Events whose hooks run inside the gradient tape and must answer at once. */
export type TapedEvent = 'afterPredict' | 'afterLoss'

type Answer<E extends EventName> = Events[E]['answer'] | void

export type Hook<E extends EventName> = (
  payload: Events[E]['payload'],
) => E extends TapedEvent ? Answer<E> : Answer<E> | Promise<Answer<E>>

/** Hooks by event, plus state that a checkpoint keeps. `cleanup` always runs, whatever ended the fit. */
export type Callback = { readonly [E in EventName]?: Hook<E> } & {
  state?(): Json
  /** Tensors that a checkpoint keeps beside `state`, by name; still owned by the callback. */
  tensors?(): NamedTensors
  /**
   * Takes over what was saved, before the fit goes on: `state` is null where the callback has none of its own. The values
   * of tensors are copied, as `tf.clone` does; those given belong to the caller.
   */
  restore?(state: Json, tensors: NamedTensors): void
  /**
   * The weights that validation sees, by the path of their parameter; what is left out stays as it is trained. They are
   * the result of the training: its scores, its hash, what is saved. Asked for before every validation and at the end;
   * still owned by the callback. Of one callback of a recipe alone.
   */
  evaluationWeights?(): NamedTensors
  /** Whether a later stage begins with these weights, instead of those that were trained. Default false. */
  readonly handsOn?: boolean
  dispose?(): void
}

export interface NamedTensors {
  readonly [name: string]: tf.Tensor
}

/** When hooks of one event run: by stage, then by the recipe's order. */
export const stages = ['data', 'augment', 'target', 'loss', 'optim', 'metric', 'log', 'checkpoint'] as const
export type Stage = (typeof stages)[number]
