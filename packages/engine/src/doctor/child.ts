/**
 * What `probeEngines` runs in a process of its own: examines the engine named on the command line, answers by message, and
 * then times a turn of steps whenever it is asked.
 */
import type { EngineName } from '../driver.ts'
import { examineEngine, timeTurn } from './examine.ts'

const report = await examineEngine(process.argv[2] as EngineName)
// A GPU's own threads can keep a process alive, so it ends itself once nobody asks any more.
process.on('disconnect', () => process.exit(0))
process.on('message', () => timeTurn().then((stepMs) => process.send?.(stepMs)))
process.send?.(report)
