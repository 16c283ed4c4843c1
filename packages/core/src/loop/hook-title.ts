import type { BoundCallback } from './hooks.ts'

/** `Callback "mixup" of plugin "mixup"`; those of the harness belong to no plugin. */
export const titleOf = ({ name, plugin }: Pick<BoundCallback, 'name' | 'plugin'>): string =>
  `Callback "${name}"${plugin === undefined ? '' : ` of plugin "${plugin}"`}`
