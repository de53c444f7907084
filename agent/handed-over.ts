const firstDescriptor = 3 // systemd's SD_LISTEN_FDS_START

/**
 * The listening sockets that systemd opened and passed to this process, by the name that their unit gives them
 * (FileDescriptorName); their order is not fixed. None where they are for another process.
 */
export function handedOver(environment: NodeJS.ProcessEnv, processId: number): Map<string, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  if (LISTEN_PID !== String(processId)) return new Map()
  const names = (LISTEN_FDNAMES ?? '').split(':')
  if (names.length !== Number(LISTEN_FDS))
    throw new Error(`LISTEN_FDS=${LISTEN_FDS} LISTEN_FDNAMES=${LISTEN_FDNAMES}: each socket needs a name`)
  return new Map(names.map((name, index) => [name, firstDescriptor + index]))
}
