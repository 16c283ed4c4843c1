import { fail, type Sample, type Split } from '@tricklab/core'

/** A sample must have the shape of the first, and a label. @errors E_SHAPE, E_MULTI_LABEL, E_DATASET_CORRUPT */
export function checkSample(sample: Sample, first: Sample, classes: number, split: Split, index: number): void {
  const [height, width, channels] = sample.shape
  const equal = height === first.shape[0] && width === first.shape[1] && channels === first.shape[2]
  if (!equal || sample.pixels.length !== height * width * channels) {
    fail('E_SHAPE', {
      what: `Image ${index} of the ${split} split cannot join a batch.`,
      expected: `height × width × channels ${first.shape.join(' × ')} as the first image.`,
      received: `${sample.shape.join(' × ')} with ${sample.pixels.length} bytes.`,
    })
  }
  if (Array.isArray(sample.label) || ArrayBuffer.isView(sample.label)) {
    fail('E_MULTI_LABEL', {
      what: `Image ${index} of the ${split} split has a list of labels.`,
      expected: 'one label for every image: targets of several classes are not in this edition.',
      received: `[${Array.from(sample.label as ArrayLike<unknown>).join(', ')}].`,
      fix: 'let the dataset give the index of one class.',
    })
  }
  if (!Number.isInteger(sample.label) || sample.label < 0 || sample.label >= classes) {
    fail('E_DATASET_CORRUPT', {
      what: `Image ${index} of the ${split} split has a label outside the classes.`,
      expected: `a label from 0 to ${classes - 1}.`,
      received: `${sample.label}.`,
    })
  }
}
