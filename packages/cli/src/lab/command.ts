import { fail } from '@tricklab/core'
import { installTensorflow, prepareEngine } from '@tricklab/engine'
import type { Command } from 'commander'
import {
  addSeedOptions,
  coefficientPair,
  engineHelp,
  nameList,
  positionList,
  positiveNumber,
  wholeNumber,
} from '../repro/arguments.ts'
import { collect, createProgram } from '../ui/main.ts'
import { outFile } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { type AblateArguments, ablate } from './ablate.ts'
import { type AttentionArguments, showAttention } from './attention.ts'
import { type CamArguments, showCam } from './cam.ts'
import { type DatasetArguments, showDataset } from './dataset.ts'
import { doctor } from './doctor.ts'
import { type EvaluateArguments, evaluate } from './evaluate.ts'
import { explain } from './explain.ts'
import { type FeaturesArguments, showFeatures } from './features.ts'
import { type GroupsArguments, showGroups } from './groups.ts'
import { type LrFindArguments, lrFind } from './lr-find.ts'
import { addModelCommands } from './model-commands.ts'
import { showSamples } from './show.ts'
import { summary } from './summary.ts'
import { type TraceArguments, trace } from './trace.ts'

/** `pnpm lab …` */
export function labProgram(): Command {
  const program = createProgram('lab', 'Examines rows, trained networks, datasets and engines.')
  program
    .command('doctor')
    .description('list every engine: whether it works here and how fast it is, or why not and what would help')
    .option('--json', 'one JSON array on standard output')
    .action(doctor)
  program
    .command('explain')
    .description('print the events and callbacks of a row in the order in which they run')
    .argument('<target>', 'TABLE/ROW')
    .option('--data <path>', 'folder to search for datasets before anything is downloaded')
    .action(async (target: string, options: { data?: string }) => {
      process.stdout.write(`${await explain(target, options.data === undefined ? [] : [options.data])}\n`)
    })
  program
    .command('summary')
    .description('print the layers of a row with shapes, parameters, MFlops and multiply-accumulates')
    .argument('<target>', 'TABLE/ROW')
    .option('--json', 'one JSON object on standard output')
    .action(async (target: string, { json }: { json?: boolean }) => {
      await prepareEngine('auto')
      process.stdout.write(`${await summary(target, json === true)}\n`)
    })

  program
    .command('dataset')
    .description('count the images of a dataset, find duplicates, and write a page with sample images')
    .argument('<name>', 'name of a dataset, such as imagewoof2; or TABLE/ROW for the dataset of that row')
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--archive <size>', 'full, 320 or 160')
    .option('--out <file>', 'file for the page; default: NAME.html', outFile)
    .option('--statistics', 'also print mean and deviation of one training batch, before and after normalisation')
    .option('--json', 'one JSON object on standard output, no page')
    .action((name: string, options: DatasetArguments) => showDataset(name, options))
  program
    .command('show')
    .description('write a page of training images as the network gets them: augmented, mixed, with their targets')
    .argument('<target>', 'TABLE/ROW')
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--out <file>', 'file for the page; default: TABLE-ROW-samples.html', outFile)
    .action((target: string, options: { data?: string[]; out?: string }) => showSamples(target, options))
  addGroups(program)
  addAblate(program)
  addAttention(program)
  addCam(program)
  addEvaluate(program)
  addFeatures(program)
  addLrFind(program)
  addModelCommands(program)
  addTrace(program)

  const engine = program.command('engine').description('install engines that Tricklab does not come with')
  engine
    .command('install')
    .description('download the binary of an engine')
    .argument('<engine>', 'tensorflow')
    .option('--gpu', 'take the CUDA build')
    .option('--from <source>', 'file or https URL: a libtensorflow archive or a TensorFlow wheel')
    .option(
      '--sha256 <hex>',
      'checksum of a downloaded file whose checksum Tricklab does not know; repeatable',
      collect,
    )
    .action(installEngine)
  return program
}

function addGroups(program: Command): void {
  program
    .command('groups')
    .description('write a page that shows which channels each design of permuted groups connects')
    .option('--channels <n>', 'channels in and out', wholeNumber('--channels', 1), 64)
    .option('--channels-per-group <n>', 'channels of a group', wholeNumber('--channels-per-group', 1), 4)
    .option('--design <name>', 'one design; default: all of them')
    .option('--links <n>', 'small-world: how many groups each group reads', wholeNumber('--links', 1))
    .option('--rewire <p>', 'small-world: probability that a link leaves its meta-group', Number)
    .option('--wiring <n>', 'small-world: number of the random wiring', wholeNumber('--wiring', 0))
    .option('--out <file>', 'file for the page', outFile, 'groups.html')
    .option('--json', 'one JSON array of designs on standard output, no page')
    .action((options: GroupsArguments) => showGroups(options))
}

function addAttention(program: Command): void {
  program
    .command('attention')
    .description(
      'write a page that shows how the positions of an image influence each other, for a trained row with SSA',
    )
    .argument('<run>', 'run folder, with weights')
    .argument('<images...>', 'image files, or numbers of validation images')
    .option(
      '--positions <list>',
      'pixels to draw maps for, such as 20,30;64,64; default: the centre and four more',
      positionList,
    )
    .option('--seed <n>', 'seed whose weights to use; default: the first finished seed', wholeNumber('--seed', 0))
    .option('--table <file>', 'file of the table, if it does not come with Tricklab')
    .option('--engine <name>', engineHelp, 'auto')
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--out <file>', 'file for the page; default: TABLE-ROW-attention.html', outFile)
    .option('--json', 'one JSON object with every map on standard output')
    .action((run: string, images: string[], options: AttentionArguments) => showAttention(run, images, options))
}

function addCam(program: Command): void {
  program
    .command('cam')
    .description('write a page of class activation maps: where in an image a trained network finds its classes')
    .argument('<run>', 'run folder, with weights')
    .argument('<images...>', 'image files, or numbers of validation images')
    .option('--top <n>', 'how many classes to draw for an image, the likeliest first', wholeNumber('--top', 1), 3)
    .option('--seed <n>', 'seed whose weights to use; default: the first finished seed', wholeNumber('--seed', 0))
    .option('--table <file>', 'file of the table, if it does not come with Tricklab')
    .option('--engine <name>', engineHelp, 'auto')
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--out <file>', 'file for the page; default: TABLE-ROW-cam.html', outFile)
    .option('--json', 'one JSON object with every map on standard output')
    .action((run: string, images: string[], options: CamArguments) => showCam(run, images, options))
}

function addAblate(program: Command): void {
  const ablating = program
    .command('ablate')
    .description(
      'measure what each trick of a row is worth: train the row without one trick at a time, from the same seeds',
    )
    .argument('<target>', 'TABLE/ROW')
    .option(
      '--drop <names>',
      'tricks to leave out, one at a time, such as mish,blurpool; default: every trick of the row',
      nameList,
    )
  addSeedOptions(ablating, 'row')
    .option('--engine <name>', engineHelp, 'auto')
    .option('--precision <name>', "f32 or bf16; default: the row's")
    .option('--threads <n>', 'threads of the engine; default: what the engine chooses', wholeNumber('--threads', 1))
    .option(
      '--data <path>',
      'folder to search for datasets before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--out <folder>', 'folder for the runs', 'runs')
    .option('--resume', 'continue the newest runs of the same recipes, and use finished runs as they are')
    .option(
      '--checkpoint-minutes <n>',
      'minutes between two checkpoints inside an epoch',
      positiveNumber('--checkpoint-minutes'),
      5,
    )
    .option('--epochs <n>', 'train at most n epochs each time', wholeNumber('--epochs', 1))
    .option('--limit-train <n>', 'train on n images only', wholeNumber('--limit-train', 1))
    .option('--limit-valid <n>', 'validate with n images only', wholeNumber('--limit-valid', 1))
    .option('--json', 'one JSON object on the last line of standard output')
    .action(async (target: string, options: AblateArguments) => {
      process.exitCode = await ablate(target, options)
    })
}

function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('score the validation images again with the weights of a run, and compare with the recorded result')
    .argument('<run>', 'run folder')
    .option('--with <predictor>', 'how to score an image: tta scores several views of it')
    .option('--views <n>', 'random views of every image', wholeNumber('--views', 1))
    .option('--beta <share>', 'weight of the plain view', Number)
    .option('--reduce <how>', 'how to combine the random views: mean or max')
    .option('--seed <n>', 'score one seed of the run; default: every finished seed', wholeNumber('--seed', 0))
    .option('--weights <file>', "weights to score instead of the run's own, such as a file of lab import-weights")
    .option('--table <file>', 'file of the table, if it does not come with Tricklab')
    .option('--engine <name>', `${engineHelp}; default: that of the run`)
    .option('--precision <name>', 'f32 or bf16; default: that of the run')
    .option('--threads <n>', 'threads of the engine; default: those of the run', wholeNumber('--threads', 1))
    .option(
      '--data <path>',
      'folder to search for datasets before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--json', 'one JSON object on the last line of standard output')
    .action((run: string, options: EvaluateArguments) => evaluate(run, options))
}

function addFeatures(program: Command): void {
  program
    .command('features')
    .description('write a page of an image before and after one layer, next to a plain convolution')
    .argument('<image>', 'file of an image')
    .option('--block <name>', 'the layer: twist, permuted-groups, or a block of the nn package', 'twist')
    .option(
      '--set <option=value>',
      "an option of the block, such as iters=4; repeatable; default: the block's",
      collect,
    )
    .option('--kernel <name>', 'random, identity (a channel out is the channel in) or zero', 'random')
    .option(
      '--coefficients <x,y>',
      'twist: the coefficients Ax and Ay between every channel and itself, 0 between others; default: drawn at random',
      coefficientPair,
    )
    .option(
      '--outputs <n>',
      'output channels; default: 8, or 3 where each output channel continues a channel of the image',
      wholeNumber('--outputs', 1),
    )
    .option('--shortcut', 'add the image to the output, as a residual block does')
    .option('--seed <n>', 'seed of the random kernel and coefficients', wholeNumber('--seed', 0), 1)
    .option('--size <n>', 'width and height of the image', wholeNumber('--size', 3), 128)
    .option('--engine <name>', engineHelp, 'auto')
    .option('--out <file>', 'file for the page; default: BLOCK-features.html', outFile)
    .option('--json', 'one JSON object on standard output, with ranges and the change of every channel')
    .action((image: string, options: FeaturesArguments) => showFeatures(image, options))
}

function addLrFind(program: Command): void {
  program
    .command('lr-find')
    .description('find learning rates for a row: train it on trial with a rising rate, and save nothing but the page')
    .argument('<target>', 'TABLE/ROW')
    .option('--start <rate>', 'learning rate of the first step', positiveNumber('--start'), 1e-7)
    .option('--end <rate>', 'learning rate after the last step', positiveNumber('--end'), 10)
    .option('--steps <n>', 'how many updates of the weights', wholeNumber('--steps', 6), 100)
    .option('--seed <n>', 'seed of weights and batches; default: the first of the row', wholeNumber('--seed', 0))
    .option('--engine <name>', engineHelp, 'auto')
    .option('--precision <name>', "f32 or bf16; default: the row's")
    .option('--threads <n>', 'threads of the engine; default: what the engine chooses', wholeNumber('--threads', 1))
    .option(
      '--data <path>',
      'folder to search for datasets before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--out <file>', 'file for the page; default: TABLE-ROW-lr-find.html', outFile)
    .option('--json', 'one JSON object on the last line of standard output')
    .action((target: string, options: LrFindArguments) => lrFind(target, options))
}

function addTrace(program: Command): void {
  program
    .command('trace')
    .description('write the first training steps to files, so that another framework can repeat them')
    .argument('<target>', 'TABLE/ROW')
    .requiredOption('--out <folder>', 'folder for weights, batches, losses and learning rates')
    .option('--steps <n>', 'training steps', wholeNumber('--steps', 1), 12)
    .option('--total-steps <n>', "steps of the whole schedule; default: the row's", wholeNumber('--total-steps', 1))
    .option('--batch-size <n>', "images a batch; default: the row's", wholeNumber('--batch-size', 1))
    .option(
      '--valid-batches <n>',
      'validation batches scored after the last step',
      wholeNumber('--valid-batches', 1),
      2,
    )
    .option('--seed <n>', 'seed of weights and batches; default: the first of the row', wholeNumber('--seed', 0))
    .option('--engine <name>', engineHelp, 'auto')
    .option('--precision <name>', 'f32 or bf16; default: f32, whatever the row asks for')
    .option('--threads <n>', 'threads of the engine; default: what the engine chooses', wholeNumber('--threads', 1))
    .option(
      '--data <path>',
      'folder or archive to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--json', 'one JSON object on the last line of standard output')
    .action((target: string, options: TraceArguments) => trace(target, options))
}

interface InstallArguments {
  gpu?: boolean
  from?: string
  sha256?: string[]
}

async function installEngine(name: string, { gpu, from, sha256 }: InstallArguments): Promise<void> {
  if (name !== 'tensorflow') {
    fail('E_ENGINE_UNKNOWN', {
      what: `The engine "${name}" has nothing to install.`,
      expected: 'tensorflow.',
      received: `"${name}".`,
      fix: '`pnpm lab doctor` says what every engine needs.',
    })
  }
  const view = createProgressView()
  try {
    const installed = await installTensorflow({
      gpu: gpu === true,
      ...(from === undefined ? {} : { from }),
      ...(sha256 === undefined ? {} : { sha256 }),
      onProgress({ step, subject, done, total }) {
        if (done === undefined) view.sink({ kind: 'notice', message: `${step}: ${subject}` })
        else view.sink({ kind: 'data', what: subject, done, total })
      },
    })
    process.stdout.write(`The engine tensorflow is installed: ${installed.source} (SHA-256 ${installed.sha256}).\n`)
  } finally {
    view.close()
  }
}
