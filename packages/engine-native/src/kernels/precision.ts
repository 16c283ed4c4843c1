/** In which number format convolutions and matrix products take their operands, and what runs them. */
import { fail } from '@tricklab/core'
import { addonFunctions } from '../addon.ts'

/** Format of the operands; sums are float32 in both. */
export type NativePrecision = 'float32' | 'bf16'

/** What runs convolutions and matrix products: `auto` takes the faster one for each shape. */
export type NativeProvider = 'auto' | 'portable' | 'onednn'

interface ProviderAddon {
  provider(name?: string): string | undefined
  providers(): string
  hasBfloat16(): boolean
}

const addon = () => addonFunctions<ProviderAddon>()

let current: NativePrecision = 'float32'

/**
 * The precision in use; sets it when one is given.
 * @errors E_ENGINE_UNAVAILABLE when this processor has no bf16 instructions
 */
export function nativePrecision(precision?: NativePrecision): NativePrecision {
  if (precision === 'bf16' && !hasNativePrecision('bf16')) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: 'This processor has no instructions for bf16, so bf16 would not be faster.',
      expected: 'one with AMX or AVX512-BF16 instructions.',
      fix: 'use --precision f32.',
    })
  }
  current = precision ?? current
  return current
}

/** Whether this processor gains from a precision. */
export function hasNativePrecision(precision: NativePrecision): boolean {
  return precision === 'float32' || addon().hasBfloat16()
}

/**
 * Takes the provider that `TRICKLAB_NATIVE_PROVIDER` names, if it names one.
 * @errors E_ENGINE_UNAVAILABLE when that provider is not there
 */
export function takeProviderOfEnvironment(): void {
  const name = process.env.TRICKLAB_NATIVE_PROVIDER
  if (name === undefined || name === '' || addon().provider(name) !== undefined) return
  fail('E_ENGINE_UNAVAILABLE', {
    what: `TRICKLAB_NATIVE_PROVIDER names '${name}', which the engine native does not have here.`,
    expected: `one of: auto, ${nativeProviders().join(', ')}.`,
    received: `${name}.`,
    fix: 'name another provider or unset the variable; oneDNN must be installed (Debian: libdnnl-dev) before the engine is built.',
  })
}

/**
 * The provider in use; sets it when one is given. `registerNative` begins with `TRICKLAB_NATIVE_PROVIDER`.
 * @errors E_ENGINE_UNAVAILABLE when the provider is not there
 */
export function nativeProvider(name?: NativeProvider): NativeProvider {
  const chosen = addon().provider(name)
  if (chosen === undefined) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The engine native has no provider '${name}' here.`,
      expected: `one of: auto, ${nativeProviders().join(', ')}.`,
      fix: "install oneDNN (Debian: libdnnl-dev) and rebuild the engine, or choose 'portable'.",
    })
  }
  return chosen as NativeProvider
}

/** Providers that are there. */
export function nativeProviders(): NativeProvider[] {
  return addon().providers().split(' ') as NativeProvider[]
}
