/**
 * Writes into every public manifest which repository it is released from, as the release workflow knows it. Provenance
 * names that repository, and npm refuses a package whose manifest names another. Run by `pnpm release`, in a checkout
 * that is thrown away afterwards.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { publicPackages, workspaceRoot } from './packages.ts'

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env
if (server === undefined || repository === undefined) {
  process.stderr.write(
    '✖ GITHUB_SERVER_URL and GITHUB_REPOSITORY are not set. Only the workflow .github/workflows/release.yml makes releases.\n',
  )
  process.exit(2)
}
for (const { folder, manifest } of publicPackages()) {
  const place = { type: 'git', url: `git+${server}/${repository}.git`, directory: folder }
  const text = JSON.stringify({ ...manifest, repository: place }, null, 2)
  writeFileSync(path.join(workspaceRoot, folder, 'package.json'), `${text}\n`)
}
