/**
 * Every error that a user can meet: its code, the process's exit code, and what it means. `docs/errors.md` is generated
 * from this table (`pnpm docs:errors`), and a test keeps them equal.
 */
export const errorCodes = {
  // wrong input: nothing was started (exit 2)
  E_TABLE_UNKNOWN: { exit: 2, meaning: 'No table of this name.' },
  E_ROW_UNKNOWN: { exit: 2, meaning: 'The table has no row of this name.' },
  E_TRICK_UNKNOWN: { exit: 2, meaning: 'The row has no trick of this name.' },
  E_ARGUMENT: { exit: 2, meaning: 'A command-line argument is missing, unknown or malformed.' },
  E_RECIPE: {
    exit: 2,
    meaning: 'A recipe is not well formed: unknown key, missing part, circular `from`, a list inside itself.',
  },
  E_EVALUATION_WEIGHTS: {
    exit: 2,
    meaning: 'Two callbacks of a recipe declare the weights that validation sees.',
  },
  E_PARAMS: {
    exit: 2,
    meaning: 'A group of parameters matches nothing, two match one parameter, or all of them are frozen.',
  },
  E_OPTION_UNKNOWN: { exit: 2, meaning: 'A component has no option of this name.' },
  E_OPTION_TYPE: { exit: 2, meaning: 'An option has a value of the wrong type.' },
  E_OPTION_RANGE: { exit: 2, meaning: 'An option is outside its range.' },
  E_COMPONENT_UNKNOWN: { exit: 2, meaning: 'No plugin of the recipe registers a component of this kind and name.' },
  E_PLUGIN_BRAND: { exit: 2, meaning: 'A value in `plugins` was not made by definePlugin.' },
  E_PLUGIN_CORE_RANGE: { exit: 2, meaning: 'A plugin needs another version of @tricklab/core.' },
  E_PLUGIN_REQUIRES: { exit: 2, meaning: 'A plugin requires another plugin that the recipe does not import.' },
  E_PLUGIN_CLASH: { exit: 2, meaning: 'Two plugins claim one plugin name or one component name.' },
  E_PLUGIN_REGISTER: { exit: 2, meaning: 'A plugin threw while registering.' },
  E_ENGINE_UNKNOWN: { exit: 2, meaning: 'No engine of this name.' },
  E_ENGINE_UNAVAILABLE: { exit: 2, meaning: 'The engine exists but does not work on this machine.' },
  E_ENGINE_DEFINITION: {
    exit: 2,
    meaning: 'An engine of another package is not defined as an engine has to be, or its module does not load.',
  },
  E_ENGINE_CLASH: { exit: 2, meaning: 'Two packages define an engine of one name.' },
  E_PEER_UNAVAILABLE: { exit: 2, meaning: 'The peer of a measurement does not work here, or cannot train the row.' },
  E_PRECISION: { exit: 2, meaning: 'The engine does not offer this precision.' },
  E_DATASET_MISSING: {
    exit: 2,
    meaning: 'The dataset was not found; the message lists every place that was searched.',
  },
  E_DATASET_CORRUPT: { exit: 2, meaning: 'A data file is truncated, altered or not of the expected format.' },
  E_DATASET_CLASSES: {
    exit: 2,
    meaning:
      'The classes of the data do not fit: fewer than two, one without an image, or others in validation than in training.',
  },
  E_MULTI_LABEL: {
    exit: 2,
    meaning: 'An image has several labels; targets of several classes are not in this edition.',
  },
  E_DATASET_READ: {
    exit: 2,
    meaning: 'A file or folder of the data cannot be read: permissions, or a fault of the disk.',
  },
  E_CACHE_WRITE: { exit: 2, meaning: 'The cache folder cannot be written.' },
  E_OUT_WRITE: { exit: 2, meaning: 'A run folder, a page or another output cannot be written.' },
  E_CHECKPOINT_CORRUPT: { exit: 2, meaning: 'A checkpoint is cut short or altered.' },
  E_CHECKPOINT_MISMATCH: { exit: 2, meaning: 'A checkpoint belongs to another recipe, seed or engine.' },
  E_CHECKPOINT_MISSING: { exit: 2, meaning: 'The checkpoint of a seed that had started is missing.' },
  E_RESUME_MISMATCH: {
    exit: 2,
    meaning: 'The run to resume had another recipe, dataset, engine, precision or number of threads.',
  },
  E_RUN_LOCKED: { exit: 2, meaning: 'Another process is training this seed or run; the message names the process.' },
  E_JOB: {
    exit: 2,
    meaning:
      'A job cannot be trained on the machine where it came to: another recipe, dataset or version of the code, another folder, or no such job.',
  },
  E_PLACE: {
    exit: 2,
    meaning: 'Jobs cannot be handed over from here: no sbatch, no Redis, a wrong password, a refused option.',
  },
  E_PORT: { exit: 2, meaning: 'The port for a local page is taken, or must not be opened.' },
  E_RUN_UNKNOWN: { exit: 2, meaning: 'No run or record at this place.' },
  E_WEIGHTS: { exit: 2, meaning: 'A file of weights does not fit the model: names, shapes or types differ.' },
  E_EXPORT: { exit: 2, meaning: 'A layer of the model cannot be written in the format asked for.' },
  E_SHAPE: { exit: 2, meaning: 'Shapes do not fit; the message names the place in the model.' },
  E_RECORD: { exit: 1, meaning: 'An accepted record does not hold: hash, completeness, arithmetic or tolerance.' },
  // stopped before the end, resumable (exit 3)
  E_INTERRUPTED: { exit: 3, meaning: 'Stopped by a signal; the state is saved and --resume goes on.' },
  E_CHECKPOINT_WRITE: { exit: 3, meaning: 'A checkpoint could not be written; the last good one is untouched.' },
  E_UNFINISHED: { exit: 3, meaning: 'Some seeds of the runs have not finished yet; those that have are judged.' },
  E_RUN_LOST: { exit: 3, meaning: 'The run folder was removed, or another process took over the seed.' },
  // faults (exit 4)
  E_ENGINE_FAILED: { exit: 4, meaning: 'The engine failed in the middle of the work: device lost, out of memory.' },
  E_OUT_OF_MEMORY: { exit: 4, meaning: 'There is not enough memory for another tensor.' },
  E_ENGINE_SYNC_READ: {
    exit: 4,
    meaning: 'A tensor was read synchronously on an engine that reads only asynchronously.',
  },
  E_ENGINE_INSTALL: { exit: 4, meaning: "An engine's binary could not be unpacked, built or made to work." },
  E_LOSS_NAN: { exit: 4, meaning: 'The loss became NaN or infinite.' },
  E_HOOK: { exit: 4, meaning: 'A callback threw; the message names plugin, event and step.' },
  E_HOOK_RETURN: { exit: 4, meaning: 'A callback returned something of the wrong form.' },
  E_HOOK_LEAK: { exit: 4, meaning: 'A callback leaves tensors behind; the message names plugin, event and step.' },
  E_COMPONENT: { exit: 4, meaning: 'A component threw; the message names its plugin, the task and the step.' },
  E_BLOCK_RETURN: {
    exit: 4,
    meaning: 'A block returned another shape than it declares; the message names plugin, place and step.',
  },
  E_TRACKER: {
    exit: 4,
    meaning: 'A tracker could not be reached or written; the training went on without it.',
  },
  E_DOWNLOAD: { exit: 4, meaning: 'A download failed after retries.' },
  E_SEED_FAILED: { exit: 4, meaning: 'A seed that was trained elsewhere failed; the message says where to read why.' },
  E_WORKER: { exit: 4, meaning: 'A job process or a decoding worker ended unexpectedly.' },
  E_INTERNAL: { exit: 4, meaning: 'A defect of Tricklab itself.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4; meaning: string }>

export type ErrorCode = keyof typeof errorCodes
