import { type IdxSet, idxDataset, mnistFiles } from '../idx/dataset.ts'

/**
 * MD5 sums from the README of zalandoresearch/fashion-mnist. Length and SHA-256 were taken from Debian's package: its
 * files are the published ones without the name and time in the gzip header, and putting those back gives these MD5 sums.
 */
export const fashionMnistSet: IdxSet = {
  name: 'fashion-mnist',
  title: 'FashionMNIST',
  // In the order of the labels, from the same README.
  classes: 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(','),
  files: mnistFiles({
    trainImages: [
      'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      26_421_880,
      '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    ],
    trainLabels: [
      'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      29_515,
      '25c81989df183df01b3e8a0aad5dffbe',
    ],
    testImages: [
      '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      4_422_102,
      'bef4ecab320f06d8554ea6380940ec79',
    ],
    testLabels: [
      '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      5_148,
      'bb300cfdad3c16e7a12a480ee83cd310',
    ],
  }),
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  ],
  // As torchvision lays them out.
  layouts: ['FashionMNIST/raw', 'raw'],
  debian: { name: 'dataset-fashion-mnist', folder: '/usr/share/datasets/fashion-mnist' },
}

export const fashionMnist = idxDataset(
  'FashionMNIST: 60,000 training and 10,000 validation images of clothes, 28 × 28, grey, 10 classes.',
  fashionMnistSet,
)
