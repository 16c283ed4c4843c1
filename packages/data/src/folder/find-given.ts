import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { DatasetContext } from '@tricklab/core'
import { type Place, searchPlaces } from '../archive/places.ts'
import { dataFolders } from '../archive/surroundings.ts'

/**
 * Finds a folder or a file of the user's own: below what `--data` names, where that is what it names itself, or from the
 * folder where the command runs. A recipe then holds no path of one machine.
 * @errors E_DATASET_MISSING with every place looked at
 */
export async function findGiven(
  kind: 'folder' | 'file',
  name: string,
  context: Pick<DatasetContext, 'dataPaths'>,
): Promise<string> {
  const place = (title: string, at: string): Place<string> => ({
    name: title,
    async look() {
      const found = await stat(at).catch(() => undefined)
      if (found === undefined) return { missing: `no ${kind} ${at}` }
      const fits = kind === 'folder' ? found.isDirectory() : found.isFile()
      return fits ? { found: at } : { missing: `${at} is not a ${kind}` }
    },
  })
  const given = dataFolders(context).map((at) =>
    place(`--data ${at}`, path.basename(at) === path.basename(name) ? at : path.resolve(at, name)),
  )
  const here = place('the folder where the command runs', path.resolve(name))
  const fix = `correct the option, or pass the folder that holds "${name}" with --data.`
  return (await searchPlaces(`"${name}"`, path.isAbsolute(name) ? [here] : [...given, here], () => fix)).found
}
