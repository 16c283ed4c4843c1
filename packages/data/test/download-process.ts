import { downloadFiles } from '../src/archive/download.ts'

// A process of its own that downloads one file, so that a test can kill it: FOLDER MIRROR FILE-AS-JSON.
const [folder, mirror, file] = process.argv.slice(2)
await downloadFiles([JSON.parse(file!)], folder!, { mirrors: [mirror!] })
