/**
 * Fused training kernels: the operations that TensorFlow.js would spread over dozens of kernels, each named once.
 *
 * A fused kernel is an ordinary TF.js kernel name. An engine may register a fast version under that name; where it
 * does not, `runFused` registers the composed version (plain TF.js operations) for that backend on first use. So every
 * plugin runs on every engine, and engines differ in speed alone.
 */
import { fail } from './errors/index.ts'
import * as tf from './tf.ts'

/** Activation that a fused kernel applies to its result; parameters are in `FusedKernels`. */
export type FusedActivation = 'linear' | 'relu' | 'mish'

/** GELU by the normal distribution, or by the hyperbolic tangent that comes near it. */
export type GeluForm = 'exact' | 'tanh'

/** A filter along both axes of an image, with subsampling. */
export interface BlurPoolAttrs {
  /** Along one axis; the filter is their outer product. */
  taps: number[]
  stride: number
  /** Positions read beyond the first and the last pixel: `[before, after]`, the same for both axes. */
  padding: number[]
  /** What stands there: `reflect` mirrors without repeating the border pixel (both paddings below the size), or 0. */
  border: 'reflect' | 'zero'
}

/** A convolution in groups: every group of output channels reads one group of input channels. */
export interface GroupedConv2DAttrs {
  /** Input and output channels fall into so many groups of neighbours, equally large. */
  groups: number
  /** `sources[g]`: the input group that output group g reads; several may read one. `[0, 1, 2, …]` where none is moved. */
  sources: number[]
  stride: number
  /** Zeros at `[top, bottom, left, right]`. */
  padding: number[]
}

/**
 * Every fused kernel: its inputs, attributes and outputs, in order.
 * Shapes: images `[N, H, W, C]` (batch norm accepts any rank, C last), `[C]` vectors, scores `[N, K]`; all float32.
 */
export interface FusedKernels {
  /**
   * Batch norm with batch statistics over all axes but the last, then the activation.
   * `y = act((x − mean) / sqrt(variance + epsilon) · gamma + beta)`; `stats` is `[2, C]`: row 0 the mean, row 1 the
   * biased variance of this batch.
   */
  BatchNormTrain: {
    inputs: { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor }
    attrs: { epsilon: number; activation: FusedActivation }
    outputs: [y: tf.Tensor, stats: tf.Tensor]
  }
  /** Gradient of BatchNormTrain. With an activation, `dy` is first multiplied by its slope at what it is applied to, made again. */
  BatchNormTrainGrad: {
    inputs: { dy: tf.Tensor; x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor; stats: tf.Tensor }
    attrs: { epsilon: number; activation: FusedActivation }
    outputs: [dx: tf.Tensor, dgamma: tf.Tensor, dbeta: tf.Tensor]
  }
  /**
   * Running statistics after a training batch (PyTorch's): `mean ← (1 − momentum)·mean + momentum·stats[0]` and
   * `variance ← (1 − momentum)·variance + momentum·correction·stats[1]`. `correction` is n/(n−1): the running variance
   * is the unbiased one.
   */
  BatchNormRunning: {
    inputs: { stats: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor }
    attrs: { momentum: number; correction: number }
    outputs: [mean: tf.Tensor, variance: tf.Tensor]
  }
  /** Batch norm with given statistics (evaluation), then the activation; formula as BatchNormTrain. No gradient. */
  BatchNormEval: {
    inputs: { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor }
    attrs: { epsilon: number; activation: FusedActivation }
    outputs: [y: tf.Tensor]
  }
  /**
   * Cross-entropy against soft targets, per sample: `loss[n] = −Σ_k targets[n,k] · log softmax(logits[n])_k`.
   * `residual = softmax(logits) · Σ_k targets − targets` is the gradient with respect to the logits.
   */
  SoftmaxCrossEntropy: {
    inputs: { logits: tf.Tensor; targets: tf.Tensor }
    attrs: Record<never, never>
    outputs: [losses: tf.Tensor, residual: tf.Tensor]
  }
  /** `y = (x > 0 ? x : alpha · x) − offset` (slowai's GeneralReLU). */
  LeakyReluOffset: { inputs: { x: tf.Tensor }; attrs: { alpha: number; offset: number }; outputs: [y: tf.Tensor] }
  /** `dx = dy · (x > 0 ? 1 : alpha)`. */
  LeakyReluOffsetGrad: { inputs: { dy: tf.Tensor; x: tf.Tensor }; attrs: { alpha: number }; outputs: [dx: tf.Tensor] }
  /** `dx = y > 0 ? dy : 0`, where `y` is ReLU's output. */
  ReluGrad: { inputs: { dy: tf.Tensor; y: tf.Tensor }; attrs: Record<never, never>; outputs: [dx: tf.Tensor] }
  /** `y = relu(a + b)`, equal shapes: the end of a residual block. */
  AddRelu: { inputs: { a: tf.Tensor; b: tf.Tensor }; attrs: Record<never, never>; outputs: [y: tf.Tensor] }
  /** `y = x · tanh(log(1 + eˣ))`; finite for every finite x. */
  Mish: { inputs: { x: tf.Tensor }; attrs: Record<never, never>; outputs: [y: tf.Tensor] }
  /** `dx = dy · (t + x · σ(x) · (1 − t²))` with `t = tanh(log(1 + eˣ))`. */
  MishGrad: { inputs: { dy: tf.Tensor; x: tf.Tensor }; attrs: Record<never, never>; outputs: [dx: tf.Tensor] }
  /** `y = x · σ(x)`. */
  Swish: { inputs: { x: tf.Tensor }; attrs: Record<never, never>; outputs: [y: tf.Tensor] }
  /** `dx = dy · σ(x) · (1 + x · (1 − σ(x)))`. */
  SwishGrad: { inputs: { dy: tf.Tensor; x: tf.Tensor }; attrs: Record<never, never>; outputs: [dx: tf.Tensor] }
  /** `y = x · Φ(x)`, Φ the normal distribution; the form `tanh`: `x · (1 + tanh(√(2/π) · (x + 0.044715x³))) / 2`. */
  Gelu: { inputs: { x: tf.Tensor }; attrs: { form: GeluForm }; outputs: [y: tf.Tensor] }
  /** `dx = dy · slope(x)`; exact form: `Φ(x) + x · e^(−x²/2) / √(2π)`. */
  GeluGrad: { inputs: { dy: tf.Tensor; x: tf.Tensor }; attrs: { form: GeluForm }; outputs: [dx: tf.Tensor] }
  /**
   * Layer norm over the last axis: `y = (x − mean) · inverse · gamma + beta`, `inverse = 1 / sqrt(variance + epsilon)`. Mean
   * and inverse have the shape of x with a last axis of 1.
   */
  LayerNorm: {
    inputs: { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor }
    attrs: { epsilon: number }
    outputs: [y: tf.Tensor, mean: tf.Tensor, inverse: tf.Tensor]
  }
  /** Gradient of LayerNorm. */
  LayerNormGrad: {
    inputs: { dy: tf.Tensor; x: tf.Tensor; gamma: tf.Tensor; mean: tf.Tensor; inverse: tf.Tensor }
    attrs: Record<never, never>
    outputs: [dx: tf.Tensor, dgamma: tf.Tensor, dbeta: tf.Tensor]
  }
  /**
   * Every channel filtered by itself, then subsampled (blur pooling):
   * `y[n,i,j,c] = Σ_a Σ_b taps[a]·taps[b]·x[n, stride·i + a − padding[0], stride·j + b − padding[0], c]`.
   * Output size of an axis: `⌊(size + padding[0] + padding[1] − taps) / stride⌋ + 1`.
   */
  BlurPool: { inputs: { x: tf.Tensor }; attrs: BlurPoolAttrs; outputs: [y: tf.Tensor] }
  /** The adjoint of BlurPool for images of `height` × `width`: mirrored positions add to the pixels they mirror. */
  BlurPoolGrad: {
    inputs: { dy: tf.Tensor }
    attrs: BlurPoolAttrs & { height: number; width: number }
    outputs: [dx: tf.Tensor]
  }
  /**
   * Convolution in groups. Filter `[kh, kw, M, D]`, x `[N, H, W, groups · M]`; with `g = ⌊d · groups / D⌋`
   * `y[n,i,j,d] = Σ_u Σ_v Σ_m filter[u,v,m,d] · x[n, stride·i + u − top, stride·j + v − left, sources[g]·M + m]`.
   */
  GroupedConv2D: {
    inputs: { x: tf.Tensor; filter: tf.Tensor }
    attrs: GroupedConv2DAttrs
    outputs: [y: tf.Tensor]
  }
  /** The gradient for x, of `height` × `width`: the sum over all output groups that read an input group, 0 where none does. */
  GroupedConv2DBackpropInput: {
    inputs: { dy: tf.Tensor; filter: tf.Tensor }
    attrs: GroupedConv2DAttrs & { height: number; width: number }
    outputs: [dx: tf.Tensor]
  }
  /** The gradient for a filter of `filterHeight` × `filterWidth`. */
  GroupedConv2DBackpropFilter: {
    inputs: { x: tf.Tensor; dy: tf.Tensor }
    attrs: GroupedConv2DAttrs & { filterHeight: number; filterWidth: number }
    outputs: [dfilter: tf.Tensor]
  }
  /**
   * Sobel slopes of every channel, turned and scaled by the position of the pixel (ConvTwist). As complex numbers
   * `z[n,i,j,c] = (Dx∗x + i·Dy∗x) · (X + i·Y)` with `X = 2j/W' − 1`, `Y = 2i/H' − 1` on the output of height H' and width W',
   * `Dx = [−1 0 1; −2 0 2; −1 0 1]` and `Dy = [1 2 1; 0 0 0; −1 −2 −1]`, one zero around the image. Channel 2c of z is the
   * real part, 2c + 1 the imaginary one. Output size of an axis: `⌊(size − 1) / stride⌋ + 1`.
   */
  TwistedSlopes: { inputs: { x: tf.Tensor }; attrs: { stride: number }; outputs: [z: tf.Tensor] }
  /** The adjoint of TwistedSlopes for images of `height` × `width`. */
  TwistedSlopesGrad: {
    inputs: { dz: tf.Tensor }
    attrs: { stride: number; height: number; width: number }
    outputs: [dx: tf.Tensor]
  }
  /**
   * Inverted dropout from a counter-based generator: element i is kept when `hash(key, i) ≥ rate · 2³²` and then
   * multiplied by `1 / (1 − rate)`. `hash` is `dropoutHash` of this file, so all engines draw the same mask.
   */
  Dropout: { inputs: { x: tf.Tensor }; attrs: { rate: number; key: number }; outputs: [y: tf.Tensor] }
  /**
   * One AdamW step for all parameters at once (PyTorch's order): for each i
   * `p ← p·(1 − lr·decay_i)`, `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²`,
   * `p ← p − lr/(1−β1^t) · m / (sqrt(v/(1−β2^t)) + eps)`.
   * Inputs `p0 m0 v0 g0 p1 m1 …`; outputs new tensors `p0' m0' v0' p1' …`. `weightDecays[i]` is decay_i.
   */
  AdamWUpdate: {
    inputs: Record<string, tf.Tensor>
    attrs: { learningRate: number; beta1: number; beta2: number; epsilon: number; step: number; weightDecays: number[] }
    outputs: tf.Tensor[]
  }
  /**
   * One SGD step for all parameters (PyTorch's): `g ← g + decay_i·p`; `b ← momentum·b + (1−dampening)·g` (`b ← g` at step 1);
   * `d = nesterov ? g + momentum·b : b`; `p ← p − lr·d`. Inputs `p0 b0 g0 p1 …`; outputs `p0' b0' p1' …`.
   */
  SgdUpdate: {
    inputs: Record<string, tf.Tensor>
    attrs: {
      learningRate: number
      momentum: number
      dampening: number
      nesterov: boolean
      step: number
      weightDecays: number[]
    }
    outputs: tf.Tensor[]
  }
  /**
   * One step of TensorFlow's RMSprop for all parameters: `g ← g + decay_i·p`; `v ← decay·v + (1−decay)·g²`;
   * `m ← momentum·m + lr·g/√(v + epsilon)`; `p ← p − m`. Inputs `p0 m0 v0 g0 p1 …`; outputs `p0' m0' v0' p1' …`.
   */
  RmspropUpdate: {
    inputs: Record<string, tf.Tensor>
    attrs: { learningRate: number; decay: number; momentum: number; epsilon: number; weightDecays: number[] }
    outputs: tf.Tensor[]
  }
  /**
   * One step of Ranger for all parameters: for each i
   * `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²`,
   * `p ← p·(1 − lr·decay_i) − stepSize · (rectified ? m / (sqrt(v) + eps) : m)`; where `alpha` is above 0, that is at the
   * steps at which lookahead takes the weights back, then `p ← s + alpha·(p − s)`.
   * `centralise`: a gradient of rank above 1 first loses its mean over all axes but the last.
   * Inputs `p0 m0 v0 s0 g0 p1 …`, s the slow weights; outputs new tensors `p0' m0' v0' p1' …`.
   */
  RangerUpdate: {
    inputs: Record<string, tf.Tensor>
    attrs: {
      learningRate: number
      stepSize: number
      rectified: boolean
      beta1: number
      beta2: number
      epsilon: number
      alpha: number
      centralise: boolean
      weightDecays: number[]
    }
    outputs: tf.Tensor[]
  }
}

export type FusedKernelName = keyof FusedKernels

type Composed<K extends FusedKernelName> = (
  inputs: FusedKernels[K]['inputs'],
  attrs: FusedKernels[K]['attrs'],
) => FusedKernels[K]['outputs']

interface ComposedKernels {
  get<K extends FusedKernelName>(name: K): Composed<K> | undefined
  set<K extends FusedKernelName>(name: K, composed: Composed<K>): void
}
const composedKernels: ComposedKernels = new Map()

/**
 * Declares the composed version of a fused kernel: plain TF.js operations, run where an engine has no kernel of its own.
 * It is also the reference that every engine's own version is tested against.
 * @errors E_PLUGIN_CLASH where the kernel is defined otherwise
 */
export function defineFused<K extends FusedKernelName>(name: K, composed: Composed<K>): void {
  refuseOther('kernel', name, composedKernels.get(name), composed)
  composedKernels.set(name, composed)
}

type FusedGradient = Omit<Parameters<typeof tf.registerGradient>[0], 'kernelName'>

const gradients = new Map<string, FusedGradient>()

/**
 * Declares the gradient of a fused kernel. TF.js learns of it when the kernel first runs: importing a package that
 * declares one changes nothing.
 * @errors E_PLUGIN_CLASH where it has another gradient
 */
export function defineFusedGradient(name: FusedKernelName, gradient: FusedGradient): void {
  refuseOther('gradient of the kernel', name, gradients.get(name)?.gradFunc, gradient.gradFunc)
  gradients.set(name, gradient)
}

/** A package that is loaded twice says the same twice; anything else would silently take the place of the first. */
function refuseOther(what: string, name: string, known: unknown, given: unknown): void {
  if (known === undefined || String(known) === String(given)) return
  fail('E_PLUGIN_CLASH', {
    what: `Two packages define the fused ${what} "${name}", each in its own way.`,
    expected: 'one definition.',
    received: 'a second one, which differs from the first.',
    fix: 'remove one of the packages, or install one version of both.',
  })
}

/** The composed version of a fused kernel, for tests of an engine's own version. */
export function composedFused<K extends FusedKernelName>(name: K): Composed<K> {
  const composed = composedKernels.get(name)
  if (composed === undefined) throw new Error(`no composed version of ${name}; import the package that defines it`)
  return composed
}

/** Runs a fused kernel on the current backend; the composed version where the backend has none. Not differentiated. */
export function runFused<K extends FusedKernelName>(
  name: K,
  inputs: FusedKernels[K]['inputs'],
  attrs: FusedKernels[K]['attrs'],
): FusedKernels[K]['outputs'] {
  const backendName = tf.getBackend()
  const gradient = gradients.get(name)
  if (gradient !== undefined && tf.getGradient(name) === undefined) {
    tf.registerGradient({ kernelName: name, ...gradient })
  }
  if (tf.getKernel(name, backendName) === undefined) {
    const composed = composedFused(name)
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: (call) =>
        tf.tidy(() => composed(call.inputs as FusedKernels[K]['inputs'], call.attrs as FusedKernels[K]['attrs'])),
    })
  }
  const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs as tf.NamedAttrMap)
  return (Array.isArray(result) ? result : [result]) as FusedKernels[K]['outputs']
}

/** 32-bit counter-based hash: element `index` under `key`; the same on every engine. */
export function dropoutHash(key: number, index: number): number {
  // Two rounds of a xorshift-multiply mixer; the key enters before each, so neighbouring keys give unrelated masks.
  let z = (index ^ key) >>> 0
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  z = (z ^ (z >>> 16)) + Math.imul(key, 0x9e3779b9)
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  return (z ^ (z >>> 16)) >>> 0
}
