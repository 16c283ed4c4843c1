import { type CifarFile, cifarDataset } from './dataset.ts'

const mirrors = ['https://www.cs.toronto.edu/~kriz/']
const file = (name: string, split: CifarFile['split'], bytes: number, sha256: string): CifarFile => ({
  name,
  split,
  bytes,
  sha256,
})

export const cifar10 = cifarDataset(
  'CIFAR-10: 50,000 training and 10,000 validation photos, 32 × 32, in colour, 10 classes.',
  {
    name: 'cifar10',
    title: 'CIFAR-10',
    classes: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
    labelBytes: 1,
    archive: {
      name: 'cifar-10-binary.tar.gz',
      bytes: 170_052_171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
    files: [
      file('data_batch_1.bin', 'train', 30_730_000, 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
      file('data_batch_2.bin', 'train', 30_730_000, 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
      file('data_batch_3.bin', 'train', 30_730_000, 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
      file('data_batch_4.bin', 'train', 30_730_000, '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
      file('data_batch_5.bin', 'train', 30_730_000, '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
      file('test_batch.bin', 'valid', 30_730_000, '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b'),
    ],
    mirrors,
    layouts: ['cifar-10-batches-bin'],
  },
)

const classes100 = `apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit
raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper
table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm`

export const cifar100 = cifarDataset(
  'CIFAR-100: 50,000 training and 10,000 validation photos, 32 × 32, in colour, 100 classes.',
  {
    name: 'cifar100',
    title: 'CIFAR-100',
    classes: classes100.split(/\s/),
    // The coarse label, then the fine one.
    labelBytes: 2,
    archive: {
      name: 'cifar-100-binary.tar.gz',
      bytes: 169_001_437,
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    },
    files: [
      file('train.bin', 'train', 153_700_000, 'f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29'),
      file('test.bin', 'valid', 30_740_000, 'd8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a'),
    ],
    mirrors,
    layouts: ['cifar-100-binary'],
  },
)
