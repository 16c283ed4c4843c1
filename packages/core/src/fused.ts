/**
 * Fused operations: what TensorFlow.js would spread over dozens of kernels, each named once, by the package that needs it.
 *
 * A fused operation is an ordinary TF.js kernel name. Its owner declares it with `defineFused`, which returns its token, and
 * says how it is composed of plain TF.js operations. An engine may register a fast kernel under that name, and so may the
 * owner for engines that it knows. Where neither has one, the composed version runs. So every plugin runs on every engine,
 * and engines differ in speed alone.
 */
import { fail } from './errors/index.ts'
import * as tf from './tf.ts'

/** The token of a fused operation: runs it on the current backend. */
export interface Fused<Inputs, Attrs, Outputs> {
  readonly name: string
  /**
   * Runs the kernel of the current backend: the engine's, else the owner's, else the composed version. Differentiable where
   * a gradient was declared.
   */
  run(inputs: Inputs, attrs: Attrs): Outputs
  /** The composed version, which every kernel is tested against. */
  composed(inputs: Inputs, attrs: Attrs): Outputs
}

/** How the gradient follows from what was saved; TF.js learns of it when the operation first runs. */
export type FusedGradient = Omit<tf.GradConfig, 'kernelName'>

/** What `defineFused` takes. */
export interface FusedDefinition<Inputs, Attrs, Outputs> {
  /** Plain TF.js operations, run where the backend has no kernel. */
  readonly composed: (inputs: Inputs, attrs: Attrs) => Outputs
  readonly gradient?: FusedGradient
  /** Fast kernels by name of the backend (`wasm`, `native` …), for backends whose engine has none. */
  readonly kernels?: { readonly [backend: string]: tf.KernelFunc }
}

/** A fused operation whatever its inputs are. */
type AnyFused = Fused<tf.NamedTensorMap, object, tf.Tensor[]>
type AnyDefinition = FusedDefinition<tf.NamedTensorMap, object, tf.Tensor[]>

const defined = new Map<string, { readonly definition: AnyDefinition; readonly token: AnyFused }>()

/**
 * Declares a fused operation and returns its token. Importing a package that declares one changes nothing.
 * @param name of the kernel; that of no kernel of TF.js
 * @typeParam Inputs tensors by name
 * @typeParam Attrs plain data
 * @typeParam Outputs a tuple of tensors
 * @errors E_PLUGIN_CLASH where it is defined otherwise, or TF.js has a kernel of this name
 */
export function defineFused<
  Inputs extends tf.NamedTensorMap,
  Attrs extends object = object,
  Outputs extends tf.Tensor[] = [tf.Tensor],
>(name: string, definition: FusedDefinition<Inputs, Attrs, Outputs>): Fused<Inputs, Attrs, Outputs> {
  if ((tf as { readonly [name: string]: unknown })[name] === name) {
    failClash(name, 'TensorFlow.js has a kernel of this name.')
  }
  const known = defined.get(name)
  if (known !== undefined) {
    if (describe(known.definition) !== describe(definition))
      failClash(name, 'a second one, which differs from the first.')
    return known.token as unknown as Fused<Inputs, Attrs, Outputs>
  }
  const token: Fused<Inputs, Attrs, Outputs> = {
    name,
    composed: definition.composed,
    run(inputs, attrs) {
      prepare(name, definition as unknown as AnyDefinition)
      const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs as tf.NamedAttrMap)
      return (Array.isArray(result) ? result : [result]) as Outputs
    },
  }
  defined.set(name, { definition: definition as unknown as AnyDefinition, token: token as unknown as AnyFused })
  return token
}

/** The composed version of the operation of this name; undefined where none is defined. */
export function composedFused(name: string): AnyFused['composed'] | undefined {
  return defined.get(name)?.token.composed
}

/**
 * The composed version as a kernel: for an engine's own kernel that does not serve a call.
 * @throws where no package has defined the operation, which its owner does
 */
export function composedKernel(name: string): tf.KernelFunc {
  const definition = defined.get(name)?.definition
  if (definition === undefined) throw new Error(`no package defines the fused operation ${name}`)
  return asKernel(definition)
}

/** Kernels that were made here, of composed versions and of owners': what else a backend has is its engine's. */
const made = new WeakSet<tf.KernelFunc>()
const kernels = new WeakMap<AnyDefinition, tf.KernelFunc>()

function asKernel(definition: AnyDefinition): tf.KernelFunc {
  let kernel = kernels.get(definition)
  if (kernel === undefined) {
    kernel = ({ inputs, attrs }) => {
      const outputs = tf.tidy(() => definition.composed(inputs as tf.NamedTensorMap, (attrs ?? {}) as object))
      // One output stands alone, as a kernel of an engine gives it: whoever runs either by its name gets the same.
      return outputs.length === 1 ? outputs[0]! : outputs
    }
    kernels.set(definition, kernel)
    made.add(kernel)
  }
  return kernel
}

/** Makes sure that the current backend has a kernel, and that TF.js knows the gradient. */
function prepare(name: string, definition: AnyDefinition): void {
  if (definition.gradient !== undefined && tf.getGradient(name) === undefined) {
    tf.registerGradient({ kernelName: name, ...definition.gradient })
  }
  const backendName = tf.getBackend()
  const present = tf.getKernel(name, backendName)?.kernelFunc
  const own = definition.kernels?.[backendName]
  if (present !== undefined && (own === undefined || present === own)) return
  if (present !== undefined && !made.has(present)) failClash(name, `one more, of the backend ${backendName} itself.`)
  if (present !== undefined) tf.unregisterKernel(name, backendName)
  tf.registerKernel({ kernelName: name, backendName, kernelFunc: own ?? asKernel(definition) })
}

/** A package that is loaded twice says the same twice; anything else would silently take the place of the first. */
function describe({ composed, gradient, kernels: own = {} }: FusedDefinition<never, never, unknown>): string {
  const entries = Object.entries(own).map(([backend, kernel]) => `${backend}: ${kernel}`)
  return [composed, gradient?.gradFunc, ...entries].map(String).join('\n')
}

function failClash(name: string, received: string): never {
  fail('E_PLUGIN_CLASH', {
    what: `The fused operation "${name}" is defined twice, each time in its own way.`,
    expected: 'one definition.',
    received,
    fix: 'remove one of the packages, install one version of both, or give the operation another name.',
  })
}

/** An activation that fused kernels, such as batch norm's, can apply to their results in the same pass. */
export interface FusedActivation {
  /** As engines know it; one that an engine does not know runs behind the kernel. */
  readonly name: string
  /** `y = act(x)` */
  apply(x: tf.Tensor): tf.Tensor
  /** `dx = dy · act′(x)` */
  gradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor
}

const activations = new Map<string, FusedActivation>()

/**
 * Declares an activation that kernels of engines may know by its name.
 * @errors E_PLUGIN_CLASH where another activation has this name
 */
export function defineFusedActivation(activation: FusedActivation): FusedActivation {
  const known = activations.get(activation.name)
  const text = ({ apply, gradient }: FusedActivation) => `${apply}\n${gradient}`
  if (known !== undefined && text(known) !== text(activation)) {
    failClash(activation.name, 'a second one, which differs from the first.')
  }
  activations.set(activation.name, known ?? activation)
  return known ?? activation
}
