/** The packages of the workspace that are published, as their manifests say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The part of a package.json that publishing reads. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> }
  readonly [field: string]: unknown
}

export interface PublicPackage {
  /** From the root of the workspace, with slashes: `packages/core`. */
  readonly folder: string
  readonly manifest: Manifest
}

/** The root of this workspace. */
export const workspaceRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Every package that is not private, in the order of its folder's name. */
export function publicPackages(root = workspaceRoot): PublicPackage[] {
  const rooms = ['packages', 'plugins'].flatMap((room) =>
    readdirSync(path.join(root, room)).map((name) => `${room}/${name}`),
  )
  return [...rooms.sort(), 'recipes', 'repro']
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(path.join(root, folder)) }))
    .filter(({ manifest }) => manifest.private !== true)
}
