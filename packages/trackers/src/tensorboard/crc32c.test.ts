import { expect, test } from 'vitest'
import { crc32c, maskedCrc32c } from './crc32c.ts'

// RFC 3720, B.4.
test.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
  ['the digits', Buffer.from('123456789'), 0xe3069283],
])('the CRC-32C of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

test('is turned by 15 bits and moved', () => {
  const crc = 0xe3069283
  const turned = Number(((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) & 0xffffffffn)
  expect(maskedCrc32c(Buffer.from('123456789'))).toBe((turned + 0xa282ead8) % 2 ** 32)
})
