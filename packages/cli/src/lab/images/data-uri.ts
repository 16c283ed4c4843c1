/** A PNG as part of a page. */
export const dataUri = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`
