import { connectionBytes, onTheLine, requestBytes } from '../wire.ts'

/** What was granted does not do. */
export class OverGrant extends Error {}

/** Bytes that may be sent to one collector or witness, by the estimates of wire.ts. */
export class Grant {
  readonly #bytes: number
  #used = 0

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  get used(): number {
    return this.#used
  }

  get left(): number {
    return this.#bytes - this.#used
  }

  /** Call before sending. @throws OverGrant if there is not so much left */
  spend(bytes: number): void {
    if (bytes > this.left) throw new OverGrant(`${bytes} bytes are more than the ${this.left} that are left`)
    this.#used += bytes
  }

  /** A request with a body of so many bytes, on a connection that is there or has to be made. */
  spendRequest(body: number, isConnected: boolean): void {
    this.spend((isConnected ? 0 : connectionBytes) + requestBytes + onTheLine(body))
  }
}
