import * as tf from '../tf.ts'

type Tape = NonNullable<ReturnType<typeof tf.engine>['state']['activeTape']>
type TapeNode = Tape[number]

/** Value of a scalar function and its gradient by each variable that took part, by name. The caller owns them all. */
export interface VariableGrads {
  readonly value: tf.Scalar
  readonly grads: Readonly<Record<string, tf.Tensor>>
}

/**
 * `tf.variableGrads`, to the bit, in about half its memory: what an operation saved, and the gradients of its results,
 * are given up as soon as the way back has passed it. TF.js holds all of them until the end.
 */
export function variableGrads(compute: () => tf.Scalar, variables: readonly tf.Variable[]): VariableGrads {
  const tape: Tape = []
  let value: tf.Scalar | undefined
  try {
    const result = record(tape, compute)
    value = result
    return { value, grads: tf.tidy(() => walkBack(tape, result, variables)) }
  } catch (error) {
    value?.dispose()
    throw error
  } finally {
    for (const { saved } of tape) tf.dispose(saved ?? [])
  }
}

/** Runs a function while every operation puts down on the tape how its gradient is found. */
function record(tape: Tape, compute: () => tf.Scalar): tf.Scalar {
  const { state } = tf.engine()
  if (state.gradientDepth > 0) throw new Error('variableGrads cannot run inside another gradient.')
  state.activeTape = tape
  state.gradientDepth = 1
  try {
    return tf.tidy(compute)
  } finally {
    state.gradientDepth = 0
    state.activeTape = null as never
  }
}

/** Gradients by the name of their variable. Runs inside a tidy. */
function walkBack(tape: Tape, value: tf.Scalar, variables: readonly tf.Variable[]): Record<string, tf.Tensor> {
  const depends = dependents(tape, variables)
  const gradients = new Map<number, tf.Tensor>([[value.id, tf.ones(value.shape)]])
  for (const node of tape.toReversed()) {
    const dys = node.outputs.map(({ id }) => gradients.get(id))
    const inputs = Object.entries(node.inputs).filter(([, input]) => depends.has(input.id))
    if (inputs.length > 0 && dys.some((dy) => dy !== undefined)) passBack(node, dys, inputs, gradients)
    // Whatever uses these results stands later on the tape, so nothing more will be asked of them.
    for (const { id } of node.outputs) gradients.delete(id)
    tf.dispose(dys.filter((dy) => dy !== undefined))
    tf.dispose(node.saved ?? [])
  }
  const found = variables.flatMap(({ id, name }) => {
    const gradient = gradients.get(id)
    return gradient === undefined ? [] : [[name, gradient] as const]
  })
  return Object.fromEntries(found)
}

/** Ids of the variables and of all tensors that were computed from them. */
function dependents(tape: Tape, variables: readonly tf.Variable[]): Set<number> {
  const ids = new Set(variables.map(({ id }) => id))
  for (const { inputs, outputs } of tape) {
    if (!Object.values(inputs).some(({ id }) => ids.has(id))) continue
    for (const { id } of outputs) ids.add(id)
  }
  return ids
}

/** Adds the gradients of one operation's inputs to those that are known. */
function passBack(
  { kernelName, gradient }: TapeNode,
  dys: readonly (tf.Tensor | undefined)[],
  inputs: readonly (readonly [name: string, input: tf.Tensor])[],
  gradients: Map<number, tf.Tensor>,
): void {
  if (gradient === undefined) throw new Error(`No gradient is registered for the kernel "${kernelName}".`)
  const byInput = gradient(dys as tf.Tensor[])
  for (const [name, { id, shape }] of inputs) {
    const given = byInput[name]
    if (given === undefined) throw new Error(`The gradient of "${kernelName}" leaves out its input "${name}".`)
    const dx = tf.tidy(given)
    if (dx.dtype !== 'float32' || dx.shape.join() !== shape.join()) {
      const forms = `${dx.dtype} [${dx.shape}] instead of float32 [${shape}]`
      throw new Error(`The gradient of "${kernelName}" by its input "${name}" is ${forms}.`)
    }
    const known = gradients.get(id)
    if (known === undefined) {
      // Some gradients hand on what they were given, or one tensor to two inputs; each entry must be its own to dispose of.
      const shared = dys.includes(dx) || [...gradients.values()].includes(dx)
      gradients.set(id, shared ? tf.clone(dx) : dx)
    } else {
      gradients.set(id, tf.add(known, dx))
      known.dispose()
    }
  }
}
