import { expect, test } from 'vitest'
import { adviseOnMissingAdapter, type Surroundings } from './advice.ts'

const here: Surroundings = {
  platform: 'linux',
  hasLoader: true,
  drivers: ['nvidia_icd.json'],
  hasNvidia: false,
  debian: true,
  adapterAsked: undefined,
}

test('without loader and driver, one command installs both', () => {
  const advice = adviseOnMissingAdapter({ ...here, hasLoader: false, drivers: [] })
  expect(advice.why).toBe('the Vulkan loader (libvulkan.so.1) is missing and no Vulkan driver is installed')
  expect(advice.command).toMatch(/^apt-get install -y libvulkan1 mesa-vulkan-drivers /)
})

test('an NVIDIA card wants the driver of its maker', () => {
  const advice = adviseOnMissingAdapter({ ...here, drivers: [], hasNvidia: true })
  expect(advice.command).toMatch(/^apt-get install -y nvidia-vulkan-icd /)
})

test('drivers that Dawn refuses are named', () => {
  const advice = adviseOnMissingAdapter({ ...here, drivers: ['lvp_icd.x86_64.json'] })
  expect(advice.why).toBe('Dawn accepts none of the installed Vulkan drivers (lvp_icd.x86_64.json)')
})

test('an adapter that was asked for by name and is not there is the reason', () => {
  const advice = adviseOnMissingAdapter({ ...here, adapterAsked: 'Voodoo 2' })
  expect(advice).toEqual({ why: 'there is no adapter named "Voodoo 2"', command: 'unset TRICKLAB_WEBGPU_ADAPTER' })
})

test('elsewhere than on Linux nothing is said of Vulkan', () => {
  const advice = adviseOnMissingAdapter({ ...here, platform: 'darwin', hasLoader: false, drivers: [] })
  expect(`${advice.why} ${advice.command}`).not.toMatch(/vulkan/i)
})
