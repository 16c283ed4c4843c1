import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProject, toolRanges } from '../src/init/create.ts'
import { runCli, temporaryFolder } from './run-cli.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const read = (...parts: string[]) => readFileSync(path.join(...parts), 'utf8')

describe('tricklab init', () => {
  it('writes the table of the first page, and a manifest of all that it imports', async () => {
    const cwd = temporaryFolder()
    const { code, stdout, stderr } = await runCli('tricklab', ['init', 'My Study!'], { cwd })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('cd "My Study!"\n')
    const folder = path.join(cwd, 'My Study!')
    const table = read(folder, 'my-table.ts')
    expect(read(root, 'docs/00-start-here.md')).toContain(`\`\`\`ts\n${table}\`\`\``)
    const manifest = JSON.parse(read(folder, 'package.json'))
    expect(manifest).toMatchObject({ name: 'my-study', private: true, type: 'module' })
    const imported = [...table.matchAll(/ from '(@tricklab\/[^']+)'/g)].map((match) => match[1]!)
    expect(Object.keys(manifest.dependencies)).toEqual(['@tricklab/cli', ...imported])
    expect(Object.values(manifest.dependencies)).not.toContain(undefined)
    expect(read(folder, '.gitignore')).toContain('runs')
  })

  it('writes over nothing', () => {
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'package.json'), '{}')
    expect(() => createProject(folder)).toThrow(/E_ARGUMENT.*already holds package\.json/s)
    expect(existsSync(path.join(folder, 'my-table.ts'))).toBe(false)
  })

  it('names the tools that the repository is tested with', () => {
    const { devDependencies } = JSON.parse(read(root, 'package.json'))
    for (const [name, range] of Object.entries(toolRanges)) expect(range).toBe(`^${devDependencies[name]}`)
  })
})
