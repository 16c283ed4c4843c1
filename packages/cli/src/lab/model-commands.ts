import type { Command } from 'commander'
import { engineHelp, positiveNumber, wholeNumber } from '../repro/arguments.ts'
import { collect } from '../ui/main.ts'
import { outFile, outPath } from '../ui/out-file.ts'
import { type ExportArguments, exportRun } from './export.ts'
import { type ImportArguments, importWeights } from './import-weights.ts'
import { type ScaleArguments, showScaling } from './scale.ts'

/** Commands that carry networks out and weights in, and the one that says what a larger network would cost. */
export function addModelCommands(program: Command): void {
  program
    .command('export')
    .description('write the trained network of a run for other programs: its weights or the whole network')
    .argument('<run>', 'run folder, with weights')
    .requiredOption('--format <name>', 'safetensors (weights), onnx or tfjs (a graph model of TensorFlow.js)')
    .option(
      '--names <whose>',
      "safetensors: published (timm's names, PyTorch's layout) or own; default: published where every parameter has such a name",
    )
    .option('--seed <n>', 'seed whose weights to use; default: the first finished seed', wholeNumber('--seed', 0))
    .option('--table <file>', 'file of the table, if it does not come with Tricklab')
    .option('--engine <name>', engineHelp, 'auto')
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option(
      '--out <path>',
      'file, or folder for tfjs; default: TABLE-ROW-seed-N with the ending of the format',
      outPath,
    )
    .option('--json', 'one JSON object on the last line of standard output')
    .action((run: string, options: ExportArguments) => exportRun(run, options))
  program
    .command('import-weights')
    .description(
      "convert published weights to Tricklab's names; every tensor must be used once and have the right shape",
    )
    .argument('<file>', "a safetensors file with timm's names")
    .requiredOption('--model <name>', 'efficientnet-b0, xresnet50, resnet18 …, or TABLE/ROW')
    .option('--size <pixels>', 'image size to build the model for', wholeNumber('--size', 1), 224)
    .option('--out <file>', 'file for the weights; default: NAME-imported.safetensors', outFile)
    .option('--json', 'one JSON object on the last line of standard output')
    .action((file: string, options: ImportArguments) => importWeights(file, options))
  program
    .command('scale')
    .description('compute how scaling a network changes parameters, multiply-accumulates and memory, without training')
    .argument('<family>', 'efficientnet')
    .option('--depth <factor>', 'factor for the number of blocks', positiveNumber('--depth'), 1)
    .option('--width <factor>', 'factor for the number of channels', positiveNumber('--width'), 1)
    .option('--size <pixels>', 'image size', wholeNumber('--size', 32), 224)
    .option('--classes <n>', 'number of classes', wholeNumber('--classes', 1), 1000)
    .option('--batch <n>', 'images in a training batch', wholeNumber('--batch', 1), 32)
    .option('--out <file>', 'file for the page', outFile, 'scaling.html')
    .option('--json', 'one JSON object on standard output, no page')
    .action((family: string, options: ScaleArguments) => showScaling(family, options))
}
