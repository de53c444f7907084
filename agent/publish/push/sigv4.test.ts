import { describe, expect, it } from 'vitest'
import { signed } from './sigv4.ts'

/** Examples that AWS publishes for S3 ("Signature Calculations for the Authorization Header"). */
const key = { region: 'us-east-1', keyId: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const at = Date.parse('2013-05-24T00:00:00Z')
const nothing = Buffer.alloc(0)

describe('requests to S3', () => {
  it('are signed as in the example that puts an object', () => {
    const headers = signed(
      {
        method: 'PUT',
        url: new URL('https://examplebucket.s3.amazonaws.com/test$file.text'),
        headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        body: Buffer.from('Welcome to Amazon S3.'),
      },
      key,
      at,
    )
    expect(headers['x-amz-content-sha256']).toBe('44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072')
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    )
  })

  it('are signed as in the example that gets a part of one', () => {
    const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
    const { authorization } = signed({ method: 'GET', url, headers: { range: 'bytes=0-9' }, body: nothing }, key, at)
    expect(authorization).toContain('Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41')
  })

  it.each([
    ['?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('are signed as in the example with %s', (query, signature) => {
    const url = new URL(`https://examplebucket.s3.amazonaws.com/${query}`)
    expect(signed({ method: 'GET', url, body: nothing }, key, at).authorization).toContain(`Signature=${signature}`)
  })
})
