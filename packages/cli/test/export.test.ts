import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { decodeSafetensors, encodeSafetensors, hashTensors } from '@tricklab/core/checkpoint'
import { beforeAll, expect, it, vi } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const table = fixture('exported.ts')
const out = temporaryFolder()
const runs = path.join(out, 'runs')
const place = (name: string) => path.join(out, name)
const runOf = (row: string) => {
  const folder = path.join(runs, 'exported', row)
  return path.join(folder, readdirSync(folder)[0]!)
}
const exportAs = (row: string, format: string, name: string, ...args: string[]) =>
  runCli('lab', [
    ...['export', runOf(row), '--format', format, '--table', table, '--engine', 'wasm'],
    ...['--out', place(name), ...args],
  ])
const read = (name: string) => decodeSafetensors(readFileSync(place(name)), name)

// Each test runs several commands, each a process of its own.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

beforeAll(async () => {
  const { code, stderr } = await runCli('repro', [table, '--engine', 'wasm', '--out', runs])
  if (code !== 0) throw new Error(stderr)
})

it('weights that went out and came back in give the accuracy of the run to the last digit', async () => {
  const exported = await exportAs('efficientnet', 'safetensors', 'out.safetensors', '--json')
  expect(exported.stderr).toContain('Exported: ')
  expect(exported.json()).toMatchObject({ seed: 1, format: 'safetensors', files: [place('out.safetensors')] })
  const { tensors, metadata } = read('out.safetensors')
  expect(tensors['blocks.0.0.conv_dw.weight']!.shape).toEqual([8, 1, 3, 3])
  expect(metadata).toMatchObject({ format: 'pt', imageShape: '[24,24,1]', row: 'exported/efficientnet' })
  expect(JSON.parse(metadata.classes!)).toHaveLength(3)

  const args = ['import-weights', place('out.safetensors'), '--out', place('in.safetensors')]
  const imported = await runCli('lab', [...args, '--model', `${table}#efficientnet`, '--size', '24', '--json'])
  expect(imported.json()).toMatchObject({
    classes: 3,
    tensors: Object.keys(tensors).length,
    // What a recipe names as `weights.sha256`.
    sha256: hashTensors(read('in.safetensors').tensors),
  })

  const evaluate = (weights: string) =>
    runCli('lab', [...['evaluate', runOf('efficientnet'), '--table', table, '--weights', place(weights), '--json']])
  const { seeds } = (await evaluate('in.safetensors')).json()
  expect(seeds).toMatchObject([{ seed: 1, equal: true }])

  // Another bias of the last layer is seen.
  const own = read('in.safetensors')
  const bias = own.tensors['head/linear/bias']!
  const moved = { ...own.tensors, 'head/linear/bias': { ...bias, data: Float32Array.of(9, -9, -9) } }
  writeFileSync(place('moved.safetensors'), Buffer.concat(encodeSafetensors(moved, {})))
  expect((await evaluate('moved.safetensors')).json().seeds).toMatchObject([{ equal: false }])

  // Whole numbers where floats belong, and numbers that are none, are refused and named.
  const int32 = { dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) } as const
  const holed = { ...bias, data: Float32Array.of(1, Number.NaN, 3) }
  for (const [wrong, told] of [
    [int32, /Expected: finite numbers, float32 \[3\]\. Received: int32 \[3\]\./],
    [holed, /Received: float32 \[3\], NaN at 1\./],
  ] as const) {
    writeFileSync(
      place('wrong.safetensors'),
      Buffer.concat(encodeSafetensors({ ...own.tensors, 'head/linear/bias': wrong }, {})),
    )
    const refused = await evaluate('wrong.safetensors')
    expect(refused.stderr).toMatch(/E_CHECKPOINT_MISMATCH.*"head\/linear\/bias"/)
    expect(refused.stderr).toMatch(told)
    expect(refused.code).toBe(2)
  }

  const published = tensors['blocks.0.0.conv_dw.weight']!
  const infinite = { ...published, data: published.data.slice().fill(Infinity, 5, 6) as Float32Array }
  const broken = { ...tensors, 'blocks.0.0.conv_dw.weight': infinite }
  writeFileSync(place('broken.safetensors'), Buffer.concat(encodeSafetensors(broken, {})))
  const given = args.map((arg) => (arg === place('out.safetensors') ? place('broken.safetensors') : arg))
  const refused = await runCli('lab', [...given, '--model', `${table}#efficientnet`, '--size', '24'])
  expect(refused.stderr).toMatch(/E_WEIGHTS.*blocks\.0\.0\.conv_dw\.weight holds Infinity at \d+/)
  expect(refused.code).toBe(2)
})

it("timm's weights of a ConvNeXt come in, and fit no other network", async () => {
  const file = path.join(import.meta.dirname, '../../../plugins/convnext/test/golden/convnext.safetensors')
  const bring = (model: string) =>
    runCli('lab', ['import-weights', file, '--out', place('convnext.safetensors'), '--model', model, '--json'])
  const imported = await bring(`${fixture('convnext.ts')}#small`)
  expect(imported.json()).toMatchObject({ classes: 3, tensors: 65 })
  const refused = await bring('convnext-atto')
  expect(refused.stderr).toMatch(/E_WEIGHTS.*stem\.0\.weight is float32 \[4,3,4,4\], not float32 \[40,3,4,4\]/)
  expect(refused.code).toBe(2)
})

it('whole networks go out as ONNX and as a graph of TensorFlow.js', async () => {
  const [onnx, tfjs] = await Promise.all([
    exportAs('attentive', 'onnx', 'network.onnx'),
    exportAs('attentive', 'tfjs', 'network'),
  ])
  expect([onnx.code, tfjs.code]).toEqual([0, 0])
  expect(readdirSync(place('network')).sort()).toEqual(['model.json', 'weights.bin'])
  const model = JSON.parse(readFileSync(path.join(place('network'), 'model.json'), 'utf8'))
  expect(model).toMatchObject({ format: 'graph-model', userDefinedMetadata: { row: 'exported/attentive', seed: '1' } })
  const bytes = model.weightsManifest[0].weights.reduce(
    (sum: number, { shape }: { shape: number[] }) => sum + 4 * shape.reduce((product, size) => product * size, 1),
    0,
  )
  expect(readFileSync(path.join(place('network'), 'weights.bin'))).toHaveLength(bytes)
})

it('refuses what does not fit, and says why', async () => {
  writeFileSync(place('page.safetensors'), '<html>404 not found</html>')
  const model = ['--model', 'resnet18']
  const refusals: [Promise<{ code: number | null; stderr: string }>, RegExp][] = [
    [
      exportAs('attentive', 'safetensors', 'x', '--names', 'published'),
      /E_EXPORT.*no published network has.*--names own/s,
    ],
    [exportAs('attentive', 'pickle', 'x'), /E_ARGUMENT.*one of safetensors, onnx, tfjs/s],
    [
      runCli('lab', ['import-weights', place('page.safetensors'), ...model]),
      /E_CHECKPOINT_CORRUPT.*no safetensors file/s,
    ],
    [runCli('lab', ['import-weights', place('none.safetensors'), ...model]), /E_ARGUMENT.*cannot be read/s],
    [
      runCli('lab', ['import-weights', place('x'), '--model', 'efficientnet-b9']),
      /E_ARGUMENT.*did you mean "efficientnet-b/s,
    ],
  ]
  for (const [command, message] of refusals) {
    const { code, stderr } = await command
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  }
})

it('weights of a row with blocks of plugins go out under their own names', async () => {
  const { code, stderr } = await exportAs('attentive', 'safetensors', 'own.safetensors')
  expect(stderr).toMatch(
    /No published network has \S*attention\S* and \d more, so the file has Tricklab's own names and layout/,
  )
  expect(code).toBe(0)
  const { tensors, metadata } = read('own.safetensors')
  expect(Object.keys(tensors)).toContain('head/linear/weight')
  expect(metadata).toMatchObject({ names: 'own' })
  expect(read('out.safetensors').metadata).toMatchObject({ names: 'published' })
})
