import type { Command } from 'commander'
import { createProgram } from '../ui/main.ts'
import { addAblate } from './ablate.ts'
import { addAttention } from './attention.ts'
import { addBoard } from './board.ts'
import { addCam } from './cam.ts'
import { addDataset } from './dataset.ts'
import { addDoctor } from './doctor.ts'
import { addEngine } from './engine.ts'
import { addEvaluate } from './evaluate.ts'
import { addExplain } from './explain.ts'
import { addExport } from './export.ts'
import { addFeatures } from './features.ts'
import { addGroups } from './groups.ts'
import { addImportWeights } from './import-weights.ts'
import { addInterpret } from './interpret.ts'
import { addLeague } from './league.ts'
import { addList } from './list.ts'
import { addLrFind } from './lr-find.ts'
import { addPredict } from './predict.ts'
import { addScale } from './scale.ts'
import { addShow } from './show.ts'
import { addSummary } from './summary.ts'
import { addTrace } from './trace.ts'

// The order of the help.
const commands = [
  addDoctor,
  addExplain,
  addSummary,
  addList,
  addDataset,
  addShow,
  addGroups,
  addAblate,
  addLeague,
  addBoard,
  addAttention,
  addCam,
  addEvaluate,
  addInterpret,
  addPredict,
  addFeatures,
  addLrFind,
  addExport,
  addImportWeights,
  addScale,
  addTrace,
  addEngine,
]

/** `pnpm lab …` */
export function labProgram(): Command {
  const program = createProgram('lab', 'Examines rows, trained networks, datasets and engines.')
  for (const add of commands) add(program)
  return program
}
