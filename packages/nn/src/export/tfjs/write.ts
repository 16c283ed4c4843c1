import { reducedAxes } from '../reduced-axes.ts'
import { refuseNode } from '../refuse.ts'
import { isConstant, type TracedConstant, type TracedGraph, type TracedNode, type TracedValue } from '../trace.ts'
import { convolutionWindow, type ExportWindow, poolWindow } from '../window.ts'

/** A model that `tf.loadGraphModel` of TensorFlow.js reads: `model.json` and the file that it names. */
export interface TfjsModel {
  readonly json: string
  readonly weightsFile: typeof weightsFile
  readonly weights: readonly Uint8Array[]
}

const weightsFile = 'weights.bin'

/** An attribute as TensorFlow's graphs write it in JSON; whole numbers are strings there. */
type Attribute =
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly type: DataType }
  | { readonly shape: GraphShape }
  | { readonly list: { readonly i: readonly string[] } }

type DataType = 'DT_FLOAT' | 'DT_INT32'

interface GraphShape {
  readonly dim: readonly { readonly size: string }[]
}

interface GraphNode {
  readonly name: string
  readonly op: string
  readonly input: readonly string[]
  readonly attr: { readonly [name: string]: Attribute }
}

const int = (value: number): Attribute => ({ i: String(value) })
const ints = (values: readonly number[]): Attribute => ({ list: { i: values.map(String) } })
const text = (value: string): Attribute => ({ s: btoa(value) })
const shapeOf = (sizes: readonly number[]): GraphShape => ({ dim: sizes.map((size) => ({ size: String(size) })) })

/** Kernels that are one operation of TensorFlow, on every number by itself. */
const unary: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Softplus', 'Erf', 'Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Neg', 'Abs'],
    ...['Reciprocal', 'Identity'],
  ].map((op) => [op, op]),
)

const binary: Readonly<Record<string, string>> = {
  Add: 'AddV2',
  AddV2: 'AddV2',
  Sub: 'Sub',
  Multiply: 'Mul',
  RealDiv: 'RealDiv',
  Maximum: 'Maximum',
  Minimum: 'Minimum',
}

const reductions: Readonly<Record<string, string>> = { Mean: 'Mean', Sum: 'Sum', Max: 'Max', Min: 'Min' }

/**
 * A network as a graph model of TensorFlow.js: `images` `[batch, height, width, channels]` in, `scores`
 * `[batch, classes]` out.
 * @errors E_EXPORT, naming the layer
 */
export function writeTfjs(graph: TracedGraph, metadata: { readonly [key: string]: string }): TfjsModel {
  const writer = new TfjsWriter()
  writer.place('images', graph.input)
  for (const node of graph.nodes) writer.write(node)
  writer.emit('Identity', 'scores', [writer.name(graph.output)], {}, 'scores')
  const signature = (name: string, { shape }: TracedValue) => ({
    [name]: { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: shapeOf(shape) },
  })
  const { nodes, weights } = writer
  const json = {
    format: 'graph-model',
    generatedBy: 'tricklab',
    convertedBy: null,
    signature: { inputs: signature('images', graph.input), outputs: signature('scores', graph.output) },
    userDefinedMetadata: metadata,
    modelTopology: { node: nodes, library: {}, versions: { producer: 1 } },
    weightsManifest: [
      { paths: [weightsFile], weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) },
    ],
  }
  return { json: `${JSON.stringify(json)}\n`, weightsFile, weights: weights.map(({ data }) => bytesOf(data)) }
}

interface Weight {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32'
  readonly data: Float32Array | Int32Array
}

const bytesOf = (data: Float32Array | Int32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

class TfjsWriter {
  readonly nodes: GraphNode[] = []
  readonly weights: Weight[] = []
  readonly #names = new Map<TracedValue, string>()
  #counter = 0

  readonly #ways: Readonly<Record<string, (node: TracedNode) => void>> = {
    ...mapValues(unary, (op) => (node) => this.#simple(node, op, [node.inputs.x])),
    ...mapValues(binary, (op) => (node) => this.#simple(node, op, [node.inputs.a, node.inputs.b])),
    ...mapValues(reductions, (op) => (node) => this.#reduce(node, op)),
    Cast: (node) => this.#cast(node),
    LeakyRelu: (node) => this.#simple(node, 'LeakyRelu', [node.inputs.x], { alpha: { f: node.attrs.alpha as number } }),
    Mish: (node) => this.#mish(node),
    Conv2D: (node) => this.#convolve(node),
    DepthwiseConv2dNative: (node) => this.#convolve(node),
    BatchNormEval: (node) => this.#normalize(node),
    MaxPool: (node) => this.#pool(node),
    AvgPool: (node) => this.#pool(node),
    BatchMatMul: (node) => this.#multiply(node),
    Reshape: (node) => this.#withNumbers(node, 'Reshape', [node.outputs[0]!.shape]),
    Transpose: (node) => this.#withNumbers(node, 'Transpose', [node.attrs.perm as number[]]),
    Concat: (node) => this.#concat(node),
    SplitV: (node) => this.#split(node),
    Slice: (node) => this.#withNumbers(node, 'Slice', [node.attrs.begin as number[], node.outputs[0]!.shape]),
  }

  /** @errors E_EXPORT, naming the layer */
  write(node: TracedNode): void {
    const way = this.#ways[node.kernel] ?? refuseNode(node, 'a TensorFlow.js graph')
    way(node)
  }

  /** The input of the graph. */
  place(name: string, value: TracedValue): void {
    this.nodes.push({
      ...{ name, op: 'Placeholder', input: [] },
      attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: shapeOf(value.shape) } },
    })
    this.#names.set(value, name)
  }

  /** Adds an operation; returns its name. */
  emit(
    op: string,
    layer: string,
    input: readonly string[],
    attr: GraphNode['attr'] = {},
    name = `${layer}/${op}${this.#counter++}`,
  ): string {
    this.nodes.push({ name, op, input, attr: { T: { type: 'DT_FLOAT' }, ...attr } })
    return name
  }

  name(value: TracedValue): string {
    const known = this.#names.get(value)
    if (known !== undefined) return known
    const { name, shape, data } = value as TracedConstant
    const own = this.#constant(name, shape, data instanceof Float32Array ? data : Float32Array.from(data))
    this.#names.set(value, own)
    return own
  }

  #constant(name: string, shape: readonly number[], data: Float32Array | Int32Array): string {
    const own = this.nodes.some((node) => node.name === name) ? `${name}/${this.#counter++}` : name
    const dtype = data instanceof Float32Array ? 'float32' : 'int32'
    this.nodes.push({
      name: own,
      op: 'Const',
      input: [],
      attr: { dtype: { type: dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32' } },
    })
    this.weights.push({ name: own, shape, dtype, data })
    return own
  }

  #numbers(layer: string, values: readonly number[]): string {
    return this.#constant(`${layer}/numbers${this.#counter++}`, [values.length], Int32Array.from(values))
  }

  #number(layer: string, value: number): string {
    return this.#constant(`${layer}/number${this.#counter++}`, [], Int32Array.of(value))
  }

  #simple({ layer, outputs }: TracedNode, op: string, inputs: readonly unknown[], attr = {}): void {
    const names = (inputs as TracedValue[]).map((input) => this.name(input))
    this.#names.set(outputs[0]!, this.emit(op, layer, names, attr))
  }

  /** An operation whose further inputs are lists of whole numbers. */
  #withNumbers({ layer, inputs, outputs }: TracedNode, op: string, lists: readonly (readonly number[])[]): void {
    const names = [this.name(inputs.x as TracedValue), ...lists.map((list) => this.#numbers(layer, list))]
    this.#names.set(outputs[0]!, this.emit(op, layer, names))
  }

  #cast(node: TracedNode): void {
    const x = node.inputs.x as TracedValue
    if (x.dtype !== node.outputs[0]!.dtype)
      refuseNode(node, 'a TensorFlow.js graph', 'which changes the type of numbers')
    this.#names.set(node.outputs[0]!, this.name(x))
  }

  #mish({ layer, inputs, outputs }: TracedNode): void {
    const x = this.name(inputs.x as TracedValue)
    const result = this.emit('Mul', layer, [x, this.emit('Tanh', layer, [this.emit('Softplus', layer, [x])])])
    this.#names.set(outputs[0]!, result)
  }

  #convolve(node: TracedNode): void {
    const { kernel, layer, inputs, outputs } = node
    const [x, filter] = [inputs.x, inputs.filter] as [TracedValue, TracedValue]
    if (!isConstant(filter)) refuseNode(node, 'a TensorFlow.js graph', 'whose filter is computed from the images')
    const { strides, top, bottom, left, right } = convolutionWindow(node, x.shape, filter.shape)
    const attr = {
      strides: ints([1, ...strides, 1]),
      dilations: ints([1, 1, 1, 1]),
      data_format: text('NHWC'),
      padding: text('EXPLICIT'),
      explicit_paddings: ints([0, 0, top, bottom, left, right, 0, 0]),
    }
    this.#names.set(outputs[0]!, this.emit(kernel, layer, [this.name(x), this.name(filter)], attr))
  }

  #normalize(node: TracedNode): void {
    const { layer, inputs, outputs, attrs } = node
    const { x, gamma, beta, mean, variance } = inputs as Readonly<Record<string, TracedValue>>
    if (x!.shape.length !== 4) refuseNode(node, 'a TensorFlow.js graph', 'on values that are not images')
    const names = [x!, gamma!, beta!, mean!, variance!].map((value) => this.name(value))
    const attr = { epsilon: { f: attrs.epsilon as number }, is_training: { b: false }, data_format: text('NHWC') }
    this.#names.set(outputs[0]!, this.emit('FusedBatchNormV3', layer, names, attr))
  }

  #pool(node: TracedNode): void {
    const { kernel, layer, inputs, outputs } = node
    const x = inputs.x as TracedValue
    const window = poolWindow(node, x.shape)
    const attr = {
      ksize: ints([1, ...window.kernel, 1]),
      strides: ints([1, ...window.strides, 1]),
      data_format: text('NHWC'),
      padding: text(node.attrs.pad === 'same' ? 'SAME' : 'VALID'),
    }
    const explicit = typeof node.attrs.pad === 'number' && node.attrs.pad > 0
    if (explicit && kernel === 'AvgPool') refuseNode(node, 'a TensorFlow.js graph', 'whose border it would count')
    const images = explicit ? this.#border(layer, this.name(x), window) : this.name(x)
    this.#names.set(outputs[0]!, this.emit(kernel, layer, [images], attr))
  }

  /** Pixels around an image that no window ever takes for its largest. */
  #border(layer: string, images: string, { top, bottom, left, right }: ExportWindow): string {
    const sides = this.#constant(
      `${layer}/numbers${this.#counter++}`,
      [4, 2],
      Int32Array.of(0, 0, top, bottom, left, right, 0, 0),
    )
    const least = this.#constant(`${layer}/number${this.#counter++}`, [], Float32Array.of(-3.4028234663852886e38))
    return this.emit('PadV2', layer, [images, sides, least])
  }

  #reduce({ layer, inputs, outputs, attrs }: TracedNode, op: string): void {
    const x = inputs.x as TracedValue
    const keep = outputs[0]!.shape.length === x.shape.length
    const axes = this.#numbers(layer, reducedAxes(attrs))
    this.#names.set(outputs[0]!, this.emit(op, layer, [this.name(x), axes], { keep_dims: { b: keep } }))
  }

  #multiply(node: TracedNode): void {
    const { inputs, attrs } = node
    const attr = { adj_x: { b: attrs.transposeA === true }, adj_y: { b: attrs.transposeB === true } }
    this.#simple(node, 'BatchMatMulV2', [inputs.a, inputs.b], attr)
  }

  #concat({ layer, inputs, outputs, attrs }: TracedNode): void {
    const parts = (Object.values(inputs) as TracedValue[]).map((part) => this.name(part))
    const names = [...parts, this.#number(layer, attrs.axis as number)]
    this.#names.set(outputs[0]!, this.emit('ConcatV2', layer, names, { N: int(parts.length) }))
  }

  #split({ layer, inputs, outputs, attrs }: TracedNode): void {
    const x = inputs.x as TracedValue
    const axis = attrs.axis as number
    const sizes = outputs.map(({ shape }) => shape.at(axis)!)
    const names = [this.name(x), this.#numbers(layer, sizes), this.#number(layer, axis)]
    const name = this.emit('SplitV', layer, names, { num_split: int(outputs.length) })
    for (const [index, output] of outputs.entries()) this.#names.set(output, `${name}:${index}`)
  }
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
