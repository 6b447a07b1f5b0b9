/** A small ONNX graph builder: nodes are calls, values are names, and a finished graph becomes the bytes of a model. */
import { MessageWriter } from "./protobuf.ts";

/** The name of a value (a tensor) in a graph. */
export type Value = string;
/** A dimension: a size, or a name for one that is known only when the graph runs. */
export type Dimension = number | string;

/** TensorProto.DataType numbers of onnx.proto3. */
const elementTypes = { float32: 1, int32: 6, int64: 7, string: 8, bool: 9, float64: 11 } as const;
export type ElementType = keyof typeof elementTypes;

type Attribute = number | { readonly float: number } | string | readonly number[] | { readonly strings: readonly string[] } | Graph;
export type Attributes = Readonly<Record<string, Attribute>>;

/** ONNX operator set and format version; onnxruntime 1.30 reads both. */
const opset = 17;
const irVersion = 8;

/** What a finished model says beside its graph. */
export interface ModelOptions {
  /** Operator sets beside ONNX's own, with their versions; left out: onnxruntime's `com.microsoft`. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A graph under construction. A body of Scan is a Graph too and may use values of the graph around it by name. */
export class Graph {
  readonly #prefix: string;
  readonly #nodes: MessageWriter[] = [];
  readonly #constants: MessageWriter[] = [];
  readonly #constantNames = new Map<string, Value>();
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  #count = 0;

  /** `prefix` keeps names of a body apart from names of the graph around it. */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }
  /** Makes a value an output of the graph, under its own name. */
  output(value: Value, type: ElementType, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(value, type, shape));
  }
  /** An operator of onnxruntime's own is written `com.microsoft:Name`. Adds a node with one output and returns the output's name. A number attribute is an integer; write `{ float: x }` for a float. */
  node(operator: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const name = this.#fresh(operator);
    this.nodeNamed(operator, inputs, [name], attributes);
    return name;
  }
  /** Adds a node with `count` outputs. */
  nodes(operator: string, inputs: readonly Value[], count: number, attributes: Attributes = {}): Value[] {
    const names = Array.from({ length: count }, () => this.#fresh(operator));
    this.nodeNamed(operator, inputs, names, attributes);
    return names;
  }
  nodeNamed(operator: string, inputs: readonly Value[], outputs: readonly Value[], attributes: Attributes = {}): void {
    const node = new MessageWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    const [name, domain] = operator.split(":").reverse() as [string, string?];
    node.text(3, `${this.#prefix}node${this.#nodes.length}`).text(4, name);
    if (domain !== undefined) node.text(7, domain);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    this.#nodes.push(node);
  }
  /** A float32 constant; `shape` [] is a scalar. The same constant twice is one. */
  constant(values: readonly number[], shape: readonly number[] = []): Value {
    return this.#constant("float32", shape, Float32Array.from(values));
  }
  constantInt32(values: readonly number[], shape: readonly number[] = []): Value {
    return this.#constant("int32", shape, Int32Array.from(values));
  }
  constantInt64(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant("int64", shape, BigInt64Array.from(values, BigInt));
  }

  constantFloat64(values: readonly number[], shape: readonly number[] = []): Value {
    return this.#constant("float64", shape, Float64Array.from(values));
  }
  constantStrings(values: readonly string[], shape: readonly number[] = [values.length]): Value {
    const name = this.#fresh("strings");
    const tensor = new MessageWriter();
    for (const size of shape) tensor.varint(1, size);
    tensor.varint(2, elementTypes.string);
    for (const value of values) tensor.text(6, value);
    this.#constants.push(tensor.text(8, name));
    return name;
  }
  /** A large float32 constant, such as a layer's weights: not compared with the others. */
  weights(values: Float32Array, shape: readonly number[]): Value {
    const name = this.#fresh("weights");
    this.#constants.push(tensorMessage(name, "float32", shape, values));
    return name;
  }

  /** GraphProto. */
  toMessage(name: string): MessageWriter {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    return graph;
  }
  /** The bytes of a ModelProto that holds this graph. */
  toModel(name: string, { domains = { "com.microsoft": 1 }, description, metadata = {} }: ModelOptions = {}): Uint8Array {
    const model = new MessageWriter().varint(1, irVersion).text(2, "rightsize");
    if (description !== undefined) model.text(6, description);
    model.message(7, this.toMessage(name)).message(8, new MessageWriter().text(1, "").varint(2, opset));
    for (const [domain, version] of Object.entries(domains)) model.message(8, new MessageWriter().text(1, domain).varint(2, version));
    for (const [key, value] of Object.entries(metadata)) model.message(14, new MessageWriter().text(1, key).text(2, value));
    return model.finish();
  }

  #fresh(operator: string): Value {
    return `${this.#prefix}${operator.replace(":", "_")}_${this.#count++}`;
  }
  #constant(type: ElementType, shape: readonly number[], values: NumberTensor): Value {
    const key = `${type} [${shape.join()}] ${values.join()}`;
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}constant${this.#constantNames.size}`;
    this.#constants.push(tensorMessage(name, type, shape, values));
    this.#constantNames.set(key, name);
    return name;
  }
}

type NumberTensor = Float32Array | Float64Array | Int32Array | BigInt64Array;

/** TensorProto, its numbers as raw little-endian bytes. */
function tensorMessage(name: Value, type: ElementType, shape: readonly number[], values: NumberTensor): MessageWriter {
  const tensor = new MessageWriter();
  for (const size of shape) tensor.varint(1, size);
  return tensor
    .varint(2, elementTypes[type])
    .text(8, name)
    .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** ValueInfoProto. */
function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): MessageWriter {
  const dimensions = new MessageWriter();
  for (const size of shape) {
    dimensions.message(1, typeof size === "number" ? new MessageWriter().varint(1, size) : new MessageWriter().text(2, size));
  }
  const tensor = new MessageWriter().varint(1, elementTypes[type]).message(2, dimensions);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}

/** AttributeProto; field 20 is the kind of value. */
function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().text(1, name);
  if (typeof value === "number") return message.varint(3, value).varint(20, 2);
  if (typeof value === "string") return message.text(4, value).varint(20, 3);
  if (value instanceof Graph) return message.message(6, value.toMessage(name)).varint(20, 5);
  if ("float" in value) return message.float(2, value.float).varint(20, 1);
  if ("strings" in value) {
    for (const item of value.strings) message.text(9, item);
    return message.varint(20, 8);
  }
  for (const item of value) message.varint(8, item);
  return message.varint(20, 7);
}
