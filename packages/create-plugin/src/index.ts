export { createPlugin, type PluginRequest } from './create.ts'
export { readKind, type TemplateKind, templateKinds } from './kinds.ts'
export { type PluginNames, readName } from './names.ts'
export { type PackageManager, packageManagerOf } from './package-manager.ts'
