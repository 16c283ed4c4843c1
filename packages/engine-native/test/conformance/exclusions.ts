/** Specs of TF.js's suite that are not run against `native`, each with the reason. */
export const exclusions: readonly { readonly contains: string; readonly why: string }[] = [
  {
    contains: 'avgPool test-native {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit',
    why: 'expects every share to be dy / 9, though the pool itself divides by the elements inside the image; ours is the gradient of what the pool computes',
  },
]

/** Specs whose results no number that bf16 holds comes as close to as TF.js's suite asks of half floats: within 0.1. */
export const beyondBf16: readonly string[] = [
  'batchNorm4D test-native {} simple batchnorm4D, no offset, 2x1x1x2',
  'batchNorm4D test-native {} simple batchnorm4D, 2x1x1x2',
  'batchNorm4D test-native {} accepts a tensor-like object',
  'batchNorm3D test-native {} simple batchnorm3D, no offset, 2x1x2',
  'batchNorm3D test-native {} simple batchnorm3D, 2x1x2',
  'batchNorm3D test-native {} accepts a tensor-like object',
  'batchNorm2D test-native {} simple batchnorm2D, no offset, 2x2',
  'batchNorm2D test-native {} simple batchnorm2D, 2x2',
  'batchNorm2D test-native {} accepts a tensor-like object',
  'conv2d test-native {} x=[3,3,2] f=[2,2,2,1] s=1 d=1 p=valid',
  'conv2d test-native {} x=[1,8,8,16] f=[3,3,16,1] s=[2,2] d=1 p=same',
  'conv2dTranspose test-native {} input=3x3x1,d2=1,f=2,s=2,p=same',
  'conv2dTranspose test-native {} input=3x3x1,d2=1,f=2,s=2,p=explicit',
  'fused conv2d test-native {} relu with stride 2 x=[1,8,8,16] f=[3,3,16,1] s=[2,2] d=1 p=same',
  'fused conv2d test-native {} prelu bias stride 2 x=[1,8,8,16] f=[3,3,16,1] s=[2,2] d=8 p=same',
]
