/** Shorter side of the images of an archive, or `full` for the originals. */
export const archiveSizes = ['full', '320', '160'] as const
export type ArchiveSize = (typeof archiveSizes)[number]

/** One published build of an archive. Later builds hold the same images and a table of noisy labels. */
export interface ArchiveBuild {
  readonly bytes: number
  /** MD5 of the first mebibyte: the only published checksum of some builds. gzip's own CRC covers the rest. */
  readonly headMd5: string
  readonly sha256?: string
}

/** Where fast.ai publishes them. */
export const archiveMirrors = ['https://s3.amazonaws.com/fast-ai-imageclas/']

/** File name without its ending: `imagewoof2-320`. */
export const archiveName = (family: string, size: ArchiveSize) => (size === 'full' ? family : `${family}-${size}`)

/** Published builds by archive name, the newest first. */
export const archiveBuilds: { readonly [name: string]: readonly ArchiveBuild[] } = {
  imagenette2: [
    {
      bytes: 1557161267,
      headMd5: '2c774ecb40005b35d7937d50f5d42336',
      sha256: '6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd',
    },
    {
      bytes: 1556914727,
      headMd5: '5103dc075392e9e6a7bc92653a88c3cd',
      sha256: 'de32de18a7d8df0114d5e2c3c14cafb9558e8f00441a73aa7953681ad02be49c',
    },
  ],
  'imagenette2-320': [
    {
      bytes: 341663724,
      headMd5: '1f1f74f133caff120e575856659b87a2',
      sha256: '569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c',
    },
    {
      bytes: 341553947,
      headMd5: '55496feff4562875a3246d819d094b2b',
      sha256: '5020a9130cea0348272823cb12d2db7e981c6f2afa3dce71ccd5b8013005c55e',
    },
  ],
  'imagenette2-160': [
    {
      bytes: 99003388,
      headMd5: 'c475f8f7617a200ba35b9facc48443c3',
      sha256: '64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5',
    },
    {
      bytes: 98948031,
      headMd5: 'e28cd4207d545c64f2372bcb64753d01',
      sha256: '88daccb09b6fce93f45e6c09ddeb269cce705549e6bff322092a2a5a11489863',
    },
  ],
  imagewoof2: [
    { bytes: 1343715595, headMd5: '2cc1c1e36e20cb6fd24ffb978edcb487' },
    {
      bytes: 1343482285,
      headMd5: '7314775a4af7c979910455baec7e6c46',
      sha256: 'd6f2ffc7b95663f7701b94cea32db1683b9a50dd389382c7cca024e840af0379',
    },
  ],
  'imagewoof2-320': [
    { bytes: 328387740, headMd5: '7a1fd92672a559a85de76e4810a20c21' },
    {
      bytes: 328288506,
      headMd5: 'e24c62362b2594f2d1f3ce5f9e7ee18d',
      sha256: '4e4905ed7643120daaf9bf3b2ef7f3a7e8396d9bdaf254a38c6f01f618b4973d',
    },
  ],
  'imagewoof2-160': [
    { bytes: 92612825, headMd5: '3559b194123981a540b87132dbda412f' },
    {
      bytes: 92560471,
      headMd5: '8cd8964848106c00af3c087330af9057',
      sha256: '663c22f69c2802d85e2a67103c017e047096702ffddf9149a14011b7002539bf',
    },
  ],
}
