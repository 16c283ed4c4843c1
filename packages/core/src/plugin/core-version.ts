import manifest from '../../package.json' with { type: 'json' }

export const coreVersion: string = manifest.version
