// TF.js's own test suite against the backend `native`; bundled by run.ts.
import '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
import '@tensorflow/tfjs-core/dist/register_all_gradients'
import { setTestEnvs, setupTestFilters } from '@tensorflow/tfjs-core/dist/jasmine_util'
import { hasNativePrecision, nativePrecision, registerNative } from '../../src/index.ts'
import { storeWrittenAsBf16 } from '../stored.ts'
import { exclusions } from './exclusions.ts'

registerNative()
if (process.env.STORAGE === 'bf16') {
  storeWrittenAsBf16()
  if (hasNativePrecision('bf16')) nativePrecision('bf16')
}
setTestEnvs([{ name: 'test-native', backendName: 'native', isDataSync: true }])
const wanted = new RegExp(process.env.GREP ?? '.')
setupTestFilters(
  [],
  (name) =>
    wanted.test(name) && (process.env.ALL === '1' || !exclusions.some(({ contains }) => name.includes(contains))),
)
// An import would be hoisted above the lines before.
require('@tensorflow/tfjs-core/dist/tests')
