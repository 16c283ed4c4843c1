/** What augmentations are made of: operations of bytes as Pillow has them, and masks of rectangles. */

export { augmentByOperations, onBytes } from './operations/augment-by-operations.ts'
export { type Box, boxMask } from './operations/boxes.ts'
export {
  drawOperation,
  type Interpolation,
  type Level,
  operationAt,
  operationNames,
  type Strengths,
} from './operations/draw-operation.ts'
export { operate } from './operations/operate.ts'
