import { isObject, numberOf, objectOf, type PlugProtocol } from './plug-protocol.ts'

const whPerKwh = 1000

/**
 * Any plug with Tasmota. Its figures have as many decimals as it is set to show (`EnergyRes`, usually 3: one watt-hour;
 * `WattRes`, usually 0), and nothing else says how fine they are, so the decimals are counted in the answer's text.
 */
export const tasmota: PlugProtocol = {
  kind: 'tasmota',
  label: 'plug with Tasmota',
  version: 1,
  statusPath: '/cm?cmnd=Status%208',
  aboutPath: '/cm?cmnd=Status',
  wattsFloor: 0.5, // the same meters as in Shelly's first generation
  status({ StatusSNS, WARNING }, text) {
    // With a password set it answers everything with a warning, and status 200.
    if (typeof WARNING === 'string') return 'password'
    const { ENERGY } = objectOf(StatusSNS)
    if (!isObject(ENERGY)) return null
    const written = /"ENERGY"\s*:\s*(\{[^{}]*\})/.exec(text)?.[1] ?? ''
    return {
      watts: numberOf(ENERGY.Power),
      wattsStep: stepOf(written, 'Power'),
      totalWh: numberOf(ENERGY.Total) * whPerKwh,
      totalStepWh: stepOf(written, 'Total') * whPerKwh,
    }
  },
  about({ Status }) {
    const { DeviceName, FriendlyName, Topic } = objectOf(Status)
    return [DeviceName, Array.isArray(FriendlyName) ? FriendlyName[0] : undefined, Topic]
  },
}

/** `0.001` for a number written as `3.185`; 1 where there are no decimals. */
function stepOf(text: string, name: string): number {
  const decimals = new RegExp(`"${name}"\\s*:\\s*\\d+(?:\\.(\\d+))?`).exec(text)?.[1] ?? ''
  return 10 ** -decimals.length
}
