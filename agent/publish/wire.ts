/**
 * How many bytes publishing costs on the line, beside what it carries. Connections dominate: a TLS handshake is more than
 * most answers. These are estimates on the safe side, TCP and IP headers included: a push measured at 6.9 KB counts as
 * 13.4. What hearth-publish really sent, the firewall counts (`publish_out`).
 */

/**
 * A visitor's TLS 1.3 handshake with the kit, as the kit sees it: full, or resumed. Measured with nginx and a certificate
 * of its own: 700 in and 1,000 out, resumed 900 and 500. A chain by a public authority is 1,700 more, a post-quantum key
 * exchange 1,200 more each way.
 */
export const handshakes = {
  full: { in: 1400, out: 4000 },
  resumed: { in: 1400, out: 1600 },
} as const

/** Headers of the TCP and TLS packets of a small answer, and the acknowledgements of a request. */
export const packetBytes = 200

/** What the kit sends to open a connection: name servers, TCP, TLS with today's larger first message. */
export const connectionBytes = 3000
/** What it sends for a request beside the body: headers, packets, acknowledgements of the answer. */
export const requestBytes = 1000
/** What it sends to open an SSH connection and its file channel; and for each file or folder. */
const sshBytes = 9000
const sshFileBytes = 500
/** Folders that may have to be made: those of the log, of its tiles and of the index. */
const sftpFolders = 12

/** How a collector is sent to. */
export type Way = 'http' | 's3' | 'sftp'

/** Most that the line in a collector's index has. */
const indexBytes = 700

/** What a push costs: asking what is there, these files by their sizes, and the line in the index. */
export function pushCost(way: Way, sizes: readonly number[]): number {
  return connectionBytes + requestBytes + sendCost(way, [...sizes, indexBytes])
}

/** What sending these files costs, by their sizes. */
export function sendCost(way: Way, sizes: readonly number[]): number {
  const content = sizes.reduce((sum, size) => sum + onTheLine(size), 0)
  if (way === 'sftp') return sshBytes + (sizes.length + sftpFolders) * sshFileBytes + content
  return connectionBytes + sizes.length * requestBytes + content
}

/** What fetching a log of so many leaves costs; most of it arrives and is not sent. */
export function compareCost(leaves: number): number {
  return connectionBytes + (4 + 2 * Math.ceil(leaves / 256)) * requestBytes
}

/** What asking a witness costs, twice if it knows another size. @param note bytes of the checkpoint */
export function witnessCost(note: number): number {
  const longestProof = 54 * 45
  return connectionBytes + 2 * (requestBytes + onTheLine(note + longestProof))
}

/** Content with the headers of the packets that carry it. */
export function onTheLine(bytes: number): number {
  return bytes + Math.ceil(bytes / 1200) * 60
}
