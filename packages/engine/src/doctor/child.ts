/** What `probeEngine` runs in a process of its own: examines the engine named on the command line, answers by message. */
import type { EngineName } from '../driver.ts'
import { examineEngine } from './examine.ts'

const report = await examineEngine(process.argv[2] as EngineName)
// A GPU's own threads can keep a process alive, so it ends itself once the answer is out.
process.send?.(report, () => process.exit(0))
