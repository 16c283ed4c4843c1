import { permuteAxes } from '../permute.ts'
import { reducedAxes } from '../reduced-axes.ts'
import { refuseNode } from '../refuse.ts'
import {
  isConstant,
  perSample,
  type TracedConstant,
  type TracedGraph,
  type TracedNode,
  type TracedValue,
} from '../trace.ts'
import { convolutionWindow, type ExportWindow, poolWindow } from '../window.ts'
import { encodeOnnx, type OnnxAttribute, type OnnxNode, type OnnxTensor } from './model-file.ts'

/** `plain` as TensorFlow.js has it, channels last; `first`: `[N, C, H, W]`, as ONNX's convolutions want it. */
type Layout = 'plain' | 'first'

const toFirst = [0, 3, 1, 2] as const
const toPlain = [0, 2, 3, 1] as const
/** Where an axis of `[N, H, W, C]` stands in `[N, C, H, W]`. */
const axisInFirst = [0, 2, 3, 1] as const

/** Kernels that are one operation of ONNX on every number by itself. */
const unary: Readonly<Record<string, string>> = {
  Relu: 'Relu',
  Sigmoid: 'Sigmoid',
  Tanh: 'Tanh',
  Softplus: 'Softplus',
  Exp: 'Exp',
  Log: 'Log',
  Sqrt: 'Sqrt',
  Neg: 'Neg',
  Abs: 'Abs',
  Reciprocal: 'Reciprocal',
  Erf: 'Erf',
}

const binary: Readonly<Record<string, string>> = {
  Add: 'Add',
  AddV2: 'Add',
  Sub: 'Sub',
  Multiply: 'Mul',
  RealDiv: 'Div',
  Maximum: 'Max',
  Minimum: 'Min',
}

const reductions: Readonly<Record<string, string>> = { Mean: 'ReduceMean', Max: 'ReduceMax', Min: 'ReduceMin' }

/**
 * A network as an ONNX model: `images` `[batch, channels, height, width]` in, `scores` `[batch, classes]` out. Images
 * have their channels first, as convolutions of ONNX do; nothing else of the order shows outside.
 * @errors E_EXPORT, naming the layer
 */
export function writeOnnx(graph: TracedGraph, metadata: { readonly [key: string]: string }): Uint8Array[] {
  const writer = new OnnxWriter()
  writer.define(graph.input, 'images', 'first')
  for (const node of graph.nodes) writer.write(node)
  const scores = writer.name(graph.output, 'plain')
  writer.emit('Identity', 'scores', [scores], {}, 'scores')
  const [, height, width, channels] = graph.input.shape as readonly [number, number, number, number]
  const { nodes, initializers } = writer
  return encodeOnnx(
    {
      nodes,
      initializers,
      inputs: [{ name: 'images', shape: ['batch', channels, height, width] }],
      outputs: [{ name: 'scores', shape: ['batch', graph.output.shape[1]!] }],
    },
    metadata,
  )
}

class OnnxWriter {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxTensor[] = []
  readonly #names = new Map<TracedValue, Partial<Record<Layout, string>>>()
  #counter = 0

  /** Every kernel with its way into operations of ONNX. */
  readonly #ways: Readonly<Record<string, (node: TracedNode) => void>> = {
    ...mapValues(unary, (op) => (node) => this.#unary(node, op)),
    ...mapValues(binary, (op) => (node) => this.#binary(node, op)),
    ...mapValues(reductions, (op) => (node) => this.#reduce(node, op)),
    Identity: (node) => this.#alias(node),
    Cast: (node) => this.#alias(node),
    Square: (node) => this.#onEach(node, (x) => this.emit('Mul', node.layer, [x, x])),
    Rsqrt: (node) =>
      this.#onEach(node, (x) => this.emit('Reciprocal', node.layer, [this.emit('Sqrt', node.layer, [x])])),
    Relu6: (node) => this.#onEach(node, (x) => this.emit('Clip', node.layer, [x, ...this.#bounds(node, 0, 6)])),
    LeakyRelu: (node) => this.#unary(node, 'LeakyRelu', { alpha: { float: node.attrs.alpha as number } }),
    Mish: (node) => this.#onEach(node, (x) => this.#mish(node.layer, x)),
    Conv2D: (node) => this.#convolve(node),
    DepthwiseConv2dNative: (node) => this.#convolve(node),
    GroupedConv2D: (node) => this.#convolve(node),
    BatchNormEval: (node) => this.#normalize(node),
    MaxPool: (node) => this.#pool(node),
    AvgPool: (node) => this.#pool(node),
    BatchMatMul: (node) => this.#multiply(node),
    Reshape: (node) => this.#reshape(node),
    Transpose: (node) => this.#transpose(node),
    Sum: (node) => this.#sum(node),
    Concat: (node) => this.#concat(node),
    SplitV: (node) => this.#split(node),
    Slice: (node) => this.#slice(node),
  }

  /** @errors E_EXPORT, naming the layer */
  write(node: TracedNode): void {
    const way = this.#ways[node.kernel] ?? refuseNode(node, 'ONNX')
    way(node)
  }

  /** Says that a value has this name in this layout. */
  define(value: TracedValue, name: string, layout: Layout): void {
    this.#names.set(value, { ...this.#names.get(value), [layout]: name })
  }

  /** Adds an operation; returns the name of its output. */
  emit(
    op: string,
    layer: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output = this.#fresh(layer, op),
  ): string {
    this.nodes.push({ op, name: output, inputs, outputs: [output], attributes })
    return output
  }

  /** The name of a value in a layout; what has the other one is transposed, once. */
  name(value: TracedValue, layout: Layout): string {
    const names = this.#names.get(value) ?? {}
    const known = names[layout]
    if (known !== undefined) return known
    const other = names[layout === 'plain' ? 'first' : 'plain']
    const perm = layout === 'first' ? toFirst : toPlain
    const made =
      other === undefined
        ? this.#constant(value as TracedConstant, layout)
        : this.emit('Transpose', other, [other], { perm })
    this.define(value, made, layout)
    return made
  }

  #fresh(layer: string, op: string): string {
    return `${layer}/${op}${this.#counter++}`
  }

  /** A value stands channels first where its kernel has put it so, and not only because another asked for it. */
  #isFirst(value: TracedValue): boolean {
    const names = this.#names.get(value)
    return names?.first !== undefined && names.plain === undefined
  }

  #constant({ name, shape, data }: TracedConstant, layout: Layout): string {
    const floats = data instanceof Float32Array ? data : Float32Array.from(data)
    if (layout === 'plain') return this.#initializer(name, shape, floats)
    // Sizes are compared from the last axis, which is the second now.
    const four = [...Array<number>(4 - shape.length).fill(1), ...shape]
    const sizes = toFirst.map((axis) => four[axis]!)
    return this.#initializer(name, sizes, permuteAxes(floats, four, toFirst))
  }

  #initializer(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const own = this.initializers.some((tensor) => tensor.name === name) ? `${name}/${this.#counter++}` : name
    this.initializers.push({ name: own, shape, data })
    return own
  }

  /** Whole numbers as an input: shapes, axes, sizes. */
  #numbers(layer: string, values: readonly number[]): string {
    return this.#initializer(`${layer}/numbers${this.#counter++}`, [values.length], BigInt64Array.from(values, BigInt))
  }

  #alias(node: TracedNode): void {
    const { inputs, outputs } = node
    const x = inputs.x as TracedValue
    if (x.dtype !== outputs[0]!.dtype) refuseNode(node, 'ONNX', 'which changes the type of numbers')
    const layout = this.#isFirst(x) ? 'first' : 'plain'
    this.define(outputs[0]!, this.name(x, layout), layout)
  }

  #unary(node: TracedNode, op: string, attributes = {}): void {
    this.#onEach(node, (x) => this.emit(op, node.layer, [x], attributes))
  }

  /** What treats every number by itself keeps the order of the axes. */
  #onEach({ inputs, outputs }: TracedNode, emit: (x: string) => string): void {
    const x = inputs.x as TracedValue
    const layout = this.#isFirst(x) ? 'first' : 'plain'
    this.define(outputs[0]!, emit(this.name(x, layout)), layout)
  }

  /** Two numbers as inputs. */
  #bounds({ layer }: TracedNode, ...bounds: readonly number[]): string[] {
    return bounds.map((bound) => this.#initializer(`${layer}/number${this.#counter++}`, [], Float32Array.of(bound)))
  }

  #transpose({ layer, inputs, outputs, attrs }: TracedNode): void {
    const x = this.name(inputs.x as TracedValue, 'plain')
    this.define(outputs[0]!, this.emit('Transpose', layer, [x], { perm: attrs.perm as number[] }), 'plain')
  }

  #binary({ layer, inputs, outputs }: TracedNode, op: string): void {
    const operands = [inputs.a, inputs.b] as [TracedValue, TracedValue]
    // Constants of any rank can be turned; computed values of less than four axes would be read along other axes.
    const turnable = operands.every((value) => value.shape.length === 4 || isConstant(value))
    const layout = turnable && operands.some((value) => this.#isFirst(value)) ? 'first' : 'plain'
    const names = operands.map((value) => this.name(value, layout))
    this.define(outputs[0]!, this.emit(op, layer, names), layout)
  }

  #mish(layer: string, x: string): string {
    return this.emit('Mul', layer, [x, this.emit('Tanh', layer, [this.emit('Softplus', layer, [x])])])
  }

  #convolve(node: TracedNode): void {
    const { kernel, layer, inputs, outputs, attrs } = node
    const [x, filter] = [inputs.x, inputs.filter] as [TracedValue, TracedValue]
    if (!isConstant(filter)) refuseNode(node, 'ONNX', 'whose filter is computed from the images')
    const [height, width, depth, count] = filter.shape as readonly [number, number, number, number]
    let images = this.name(x, 'first')
    let group = 1
    let [shape, data] = [
      [count, depth, height, width],
      permuteAxes(filter.data as Float32Array, filter.shape, [3, 2, 0, 1]),
    ]
    let window: ExportWindow
    if (kernel === 'GroupedConv2D') {
      const { groups, sources, stride, padding } = attrs as {
        groups: number
        sources: number[]
        stride: number
        padding: number[]
      }
      const [top, bottom, left, right] = padding as [number, number, number, number]
      window = { kernel: [height, width], strides: [stride, stride], top, bottom, left, right }
      group = groups
      if (sources.some((source, index) => source !== index)) {
        const channels = sources.flatMap((source) => Array.from({ length: depth }, (_, i) => source * depth + i))
        images = this.emit('Gather', layer, [images, this.#numbers(layer, channels)], { axis: 1 })
      }
    } else {
      window = convolutionWindow(node, x.shape, filter.shape)
      if (kernel === 'DepthwiseConv2dNative') {
        group = depth
        shape = [depth * count, 1, height, width]
        data = permuteAxes(filter.data as Float32Array, filter.shape, [2, 3, 0, 1])
      }
    }
    const weight = this.#initializer(filter.name, shape, data)
    const result = this.emit('Conv', layer, [images, weight], { ...windowAttributes(window), group })
    this.define(outputs[0]!, result, 'first')
  }

  #normalize(node: TracedNode): void {
    const { layer, inputs, outputs, attrs } = node
    const { x, gamma, beta, mean, variance } = inputs as Readonly<Record<string, TracedValue>>
    if (x!.shape.length !== 4 && x!.shape.length !== 2)
      refuseNode(node, 'ONNX', 'on values of neither two nor four axes')
    const layout = x!.shape.length === 4 ? 'first' : 'plain'
    const params = [gamma!, beta!, mean!, variance!].map((value) => this.name(value, 'plain'))
    const epsilon = { float: attrs.epsilon as number }
    const result = this.emit('BatchNormalization', layer, [this.name(x!, layout), ...params], { epsilon })
    this.define(outputs[0]!, result, layout)
  }

  #pool(node: TracedNode): void {
    const { kernel, layer, inputs, outputs } = node
    const x = inputs.x as TracedValue
    const { dilations: _one, ...window } = windowAttributes(poolWindow(node, x.shape))
    const [op, more] = kernel === 'MaxPool' ? ['MaxPool', {}] : ['AveragePool', { count_include_pad: 0 }]
    this.define(outputs[0]!, this.emit(op, layer, [this.name(x, 'first')], { ...window, ...more }), 'first')
  }

  #reduce({ layer, inputs, outputs, attrs }: TracedNode, op: string): void {
    const x = inputs.x as TracedValue
    const keep = outputs[0]!.shape.length === x.shape.length
    const layout = keep && this.#isFirst(x) ? 'first' : 'plain'
    const axes = axesOf(reducedAxes(attrs), x, layout)
    const result = this.emit(op, layer, [this.name(x, layout)], { axes, keepdims: keep ? 1 : 0 })
    this.define(outputs[0]!, result, layout)
  }

  /** Sums take their axes as an input since opset 13. */
  #sum({ layer, inputs, outputs, attrs }: TracedNode): void {
    const x = inputs.x as TracedValue
    const keep = outputs[0]!.shape.length === x.shape.length
    const layout = keep && this.#isFirst(x) ? 'first' : 'plain'
    const axes = this.#numbers(layer, axesOf(reducedAxes(attrs), x, layout))
    const result = this.emit('ReduceSum', layer, [this.name(x, layout), axes], { keepdims: keep ? 1 : 0 })
    this.define(outputs[0]!, result, layout)
  }

  #multiply({ layer, inputs, outputs, attrs }: TracedNode): void {
    const factor = (value: TracedValue, transposed: unknown): string => {
      const name = this.name(value, 'plain')
      if (transposed !== true) return name
      const { length } = value.shape
      const perm = [...Array(length - 2).keys(), length - 1, length - 2]
      return this.emit('Transpose', layer, [name], { perm })
    }
    const { a, b } = inputs as Readonly<Record<string, TracedValue>>
    const factors = [factor(a!, attrs.transposeA), factor(b!, attrs.transposeB)]
    this.define(outputs[0]!, this.emit('MatMul', layer, factors), 'plain')
  }

  #reshape({ layer, inputs, outputs }: TracedNode): void {
    const [x, y] = [inputs.x as TracedValue, outputs[0]!]
    // One pixel has one order only, so that nothing needs to be turned on its way into a linear layer and out of it.
    const from = this.#isFirst(x) && isPixel(x) ? 'first' : 'plain'
    const to = isPixel(y) ? 'first' : 'plain'
    const shape = to === 'first' ? toFirst.map((axis) => y.shape[axis]!) : y.shape
    this.define(y, this.emit('Reshape', layer, [this.name(x, from), this.#numbers(layer, shape)]), to)
  }

  #concat({ layer, inputs, outputs, attrs }: TracedNode): void {
    const parts = Object.values(inputs) as TracedValue[]
    const layout = parts.some((part) => this.#isFirst(part)) ? 'first' : 'plain'
    const [axis] = axesOf(attrs.axis, parts[0]!, layout)
    const names = parts.map((part) => this.name(part, layout))
    this.define(outputs[0]!, this.emit('Concat', layer, names, { axis: axis! }), layout)
  }

  #split({ layer, inputs, outputs, attrs }: TracedNode): void {
    const x = inputs.x as TracedValue
    const layout = this.#isFirst(x) ? 'first' : 'plain'
    const [plainAxis] = axesOf(attrs.axis, x, 'plain')
    const [axis] = axesOf(attrs.axis, x, layout)
    const sizes = this.#numbers(
      layer,
      outputs.map(({ shape }) => shape[plainAxis!]!),
    )
    const names = outputs.map(() => this.#fresh(layer, 'Split'))
    this.nodes.push({
      op: 'Split',
      name: names[0]!,
      inputs: [this.name(x, layout), sizes],
      outputs: names,
      attributes: { axis: axis! },
    })
    for (const [index, output] of outputs.entries()) this.define(output, names[index]!, layout)
  }

  #slice(node: TracedNode): void {
    const { layer, inputs, outputs, attrs } = node
    const x = inputs.x as TracedValue
    const layout = this.#isFirst(x) ? 'first' : 'plain'
    const begin = attrs.begin as readonly number[]
    const axes = begin.map((_, axis) => axis).filter((axis) => outputs[0]!.shape[axis] !== perSample)
    if (axes.length < begin.length && begin[outputs[0]!.shape.indexOf(perSample)] !== 0) {
      refuseNode(node, 'ONNX', 'which takes some images of a batch')
    }
    const starts = axes.map((axis) => begin[axis]!)
    const ends = axes.map((axis) => begin[axis]! + outputs[0]!.shape[axis]!)
    const places = axes.map((axis) => (layout === 'first' ? axisInFirst[axis]! : axis))
    const numbers = [starts, ends, places].map((values) => this.#numbers(layer, values))
    this.define(outputs[0]!, this.emit('Slice', layer, [this.name(x, layout), ...numbers]), layout)
  }
}

const isPixel = ({ shape }: TracedValue) => shape.length === 4 && shape[1] === 1 && shape[2] === 1

/** Axes counted from the first, in the order of a layout. */
function axesOf(given: unknown, { shape }: TracedValue, layout: Layout): number[] {
  const list = [given].flat() as number[]
  const axes = list.map((axis) => (axis < 0 ? axis + shape.length : axis))
  return layout === 'first' ? axes.map((axis) => axisInFirst[axis]!) : axes
}

function windowAttributes({ kernel, strides, top, left, bottom, right }: ExportWindow) {
  return { kernel_shape: kernel, strides, pads: [top, left, bottom, right], dilations: [1, 1] }
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
