/**
 * The one door to TensorFlow.js: everything else imports `tf` from here, so the frozen upstream can be pinned,
 * patched or vendored in one place.
 *
 * Plain Node resolves `@tensorflow/tfjs-core` to a build without gradients; `tfjs-layers` registers them as a side
 * effect, and nothing else of it is used.
 */
import '@tensorflow/tfjs-layers'

export * from '@tensorflow/tfjs-core'
