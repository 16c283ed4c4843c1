import { idxDataset, mnistFiles } from '../idx/dataset.ts'

// Lengths and MD5 sums as in torchvision and the mirrors' listings; the SHA-256 sums are of the unpacked files.
export const mnist = idxDataset(
  'MNIST: 60,000 training and 10,000 validation images of handwritten digits, 28 × 28, grey, 10 classes.',
  {
    name: 'mnist',
    title: 'MNIST',
    classes: Array.from({ length: 10 }, (_, digit) => `${digit}`),
    files: mnistFiles({
      trainImages: [
        'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        9_912_422,
        'f68b3c2dcbeaaa9fbdd348bbdeb94873',
      ],
      trainLabels: [
        '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
        28_881,
        'd53e105ee54ea40749a09fcbcd1e9432',
      ],
      testImages: [
        '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        1_648_877,
        '9fb629c4189551a2d022fa330f9573f3',
      ],
      testLabels: [
        'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
        4_542,
        'ec29112dd5afa0611ce80d1b7f02629c',
      ],
    }),
    mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
    layouts: ['MNIST/raw', 'raw'],
  },
)
