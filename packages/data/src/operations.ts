/** Operations of images of bytes, as AutoAugment and its successors draw them; the bytes are those of Pillow. */

export { augmentByOperations, onBytes } from './operations/augment-by-operations.ts'
export { drawOperation, type Level, operationAt, operationNames, type Strengths } from './operations/draw-operation.ts'
export { operate } from './operations/operate.ts'
