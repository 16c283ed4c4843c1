export { coreVersion } from './core-version.ts'
export * from './define.ts'
export { blameOrigin, describeOrigin, type Origin, originOf } from './origin.ts'
export { createRegistry, type NormalUse, type Registry } from './registry.ts'
export {
  type FilledSlot,
  type Slot,
  type SlotDeclarations,
  type SlotKind,
  type SlotReader,
  slotOf,
} from './slots.ts'
