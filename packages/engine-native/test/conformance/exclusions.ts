/** Specs of TF.js's suite that are not run against `native`, each with the reason. */
export const exclusions: readonly { readonly contains: string; readonly why: string }[] = [
  {
    contains: 'avgPool test-native {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit',
    why: 'expects every share to be dy / 9, though the pool itself divides by the elements inside the image; ours is the gradient of what the pool computes',
  },
]
