/** `pnpm --filter @tricklab/engine-native conformance [PATTERN]` */
import { runConformance } from './run.ts'

const begin = performance.now()
const storage = process.env.STORAGE === 'bf16' ? 'bf16' : 'float32'
const { passed, failed, output } = await runConformance(process.argv[2], { storage })
for (const { name, message } of failed) console.log(`failed: ${name}\n        ${message.slice(0, 500)}`)
if (passed === 0) console.log(output.slice(-2000))
console.log(`${passed} passed, ${failed.length} failed in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
process.exitCode = failed.length === 0 ? 0 : 1
