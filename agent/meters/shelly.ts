import { firstOf, isObject, numberOf, objectOf, type PlugProtocol } from './plug-protocol.ts'

const wattMinutesPerWh = 60

/** Plug S, 1PM and their like: energy in whole watt-minutes, which begin at zero each time the plug starts. */
export const shellyGen1: PlugProtocol = {
  kind: 'shelly-gen1',
  label: 'Shelly plug of the first generation',
  version: 1,
  statusPath: '/status',
  aboutPath: '/settings',
  // Their meters (HLW8012, BL0937) are specified over 1000 to 1: at 16 A, down to some four watts.
  wattsFloor: 0.5,
  status({ meters, relays }) {
    const meter = firstOf(meters)
    if (meter.total === undefined || meter.is_valid === false) return null
    if (firstOf(relays).ison === false) return 'off'
    return {
      watts: numberOf(meter.power),
      wattsStep: 0.01,
      totalWh: numberOf(meter.total) / wattMinutesPerWh,
      totalStepWh: 1 / wattMinutesPerWh,
    }
  },
  about({ name, device }) {
    const { type, hostname } = objectOf(device)
    return [name, type, hostname]
  },
}

/** The second generation and those after it: energy in Wh with three decimals. */
export const shellyGen2: PlugProtocol = {
  kind: 'shelly-gen2',
  label: 'Shelly plug of the second generation or later',
  version: 1,
  statusPath: '/rpc/Switch.GetStatus?id=0',
  aboutPath: '/rpc/Shelly.GetDeviceInfo',
  wattsFloor: 0.2,
  status({ apower, aenergy, output }) {
    if (!isObject(aenergy)) return null
    if (output === false) return 'off'
    return {
      watts: numberOf(apower),
      wattsStep: 0.1,
      totalWh: numberOf(aenergy.total),
      totalStepWh: 0.001,
    }
  },
  about: ({ name, model, id }) => [name, model, id],
}
