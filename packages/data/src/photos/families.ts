/** Classes of Imagenette and Imagewoof in the order of their synsets, with the counts of version 2. */
export interface PhotoClass {
  readonly synset: string
  readonly name: string
  readonly train: number
  readonly valid: number
}

/** The images that both versions of a dataset consist of, and how its archives are called. */
export interface PhotoFamily {
  /** Name of the archives of version 2 without size: `imagewoof2`. */
  readonly archive: string
  readonly classes: readonly PhotoClass[]
}

const classes = (rows: readonly (readonly [string, string, number, number])[]): PhotoClass[] =>
  rows.map(([synset, name, train, valid]) => ({ synset, name, train, valid }))

export const imagenette: PhotoFamily = {
  archive: 'imagenette2',
  classes: classes([
    ['n01440764', 'tench', 963, 387],
    ['n02102040', 'English springer', 955, 395],
    ['n02979186', 'cassette player', 993, 357],
    ['n03000684', 'chain saw', 858, 386],
    ['n03028079', 'church', 941, 409],
    ['n03394916', 'French horn', 956, 394],
    ['n03417042', 'garbage truck', 961, 389],
    ['n03425413', 'gas pump', 931, 419],
    ['n03445777', 'golf ball', 951, 399],
    ['n03888257', 'parachute', 960, 390],
  ]),
}

export const imagewoof: PhotoFamily = {
  archive: 'imagewoof2',
  classes: classes([
    ['n02086240', 'Shih-Tzu', 941, 409],
    ['n02087394', 'Rhodesian ridgeback', 942, 408],
    ['n02088364', 'beagle', 932, 418],
    ['n02089973', 'English foxhound', 580, 224],
    ['n02093754', 'Border terrier', 949, 401],
    ['n02096294', 'Australian terrier', 943, 407],
    ['n02099601', 'golden retriever', 949, 401],
    ['n02105641', 'Old English sheepdog', 928, 422],
    ['n02111889', 'Samoyed', 921, 429],
    ['n02115641', 'dingo', 940, 410],
  ]),
}

/** Images of each split: version 1 validates with 50 of every class, version 2 with what the folders say. */
export function countsOf({ classes }: PhotoFamily, version: 1 | 2): { readonly train: number; readonly valid: number } {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const all = sum(classes.map(({ train, valid }) => train + valid))
  const valid = version === 1 ? 50 * classes.length : sum(classes.map((entry) => entry.valid))
  return { train: all - valid, valid }
}
