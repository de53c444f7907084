/**
 * Answers of plugs as their makers document them (Shelly's API reference, Tasmota's documentation), shortened; not
 * recorded from devices. For tests.
 */

/** `GET /status` of a Plug S of the first generation. */
export const shellyGen1Status = {
  wifi_sta: { connected: true, ssid: 'home', ip: '192.168.1.40', rssi: -61 },
  cloud: { enabled: false, connected: false },
  mqtt: { connected: false },
  time: '17:42',
  unixtime: 1_790_000_000,
  has_update: false,
  mac: 'AABBCCDDEEFF',
  relays: [{ ison: true, has_timer: false, timer_started: 0, timer_duration: 0, overpower: false, source: 'input' }],
  meters: [
    { power: 5.23, overpower: 0, is_valid: true, timestamp: 1_790_007_200, counters: [5.2, 5.19, 5.3], total: 74_074 },
  ],
  temperature: 24.1,
  uptime: 86_400,
}

/** `GET /settings` of the same. */
export const shellyGen1Settings = {
  device: { type: 'SHPLG-S', mac: 'AABBCCDDEEFF', hostname: 'shellyplug-s-DDEEFF', num_outputs: 1, num_meters: 1 },
  name: 'Hearth',
  fw: '20230913-113421/v1.14.0',
}

/** `GET /rpc/Switch.GetStatus?id=0` of the second generation and later. */
export const shellyGen2Status = {
  id: 0,
  source: 'HTTP_in',
  output: true,
  apower: 5.2,
  voltage: 231.4,
  current: 0.041,
  aenergy: { total: 1234.567, by_minute: [86, 87, 86], minute_ts: 1_790_000_000 },
}

/** `GET /rpc/Shelly.GetDeviceInfo` of the same. */
export const shellyGen2Info = { name: 'Hearth', model: 'SNPL-00112EU', id: 'shellyplugs-aabbcc', gen: 2 }

/** `GET /cm?cmnd=Status%208` of Tasmota: a text, since its decimals say how fine it counts. */
export const tasmotaStatus =
  '{"StatusSNS":{"Time":"2026-11-24T10:00:00","ENERGY":{"TotalStartTime":"2025-05-07T09:52:57","Total":12.340,' +
  '"Yesterday":0.124,"Today":0.052,"Power":5,"ApparentPower":12,"ReactivePower":11,"Factor":0.43,"Voltage":231,' +
  '"Current":0.051}}}'

/** `GET /cm?cmnd=Status` of the same. */
export const tasmotaAbout = {
  Status: { Module: 0, DeviceName: 'Hearth', FriendlyName: ['Plug 3'], Topic: 'tasmota_AABBCC' },
}

/** What Tasmota answers to everything while it has a password. */
export const tasmotaWarning = { WARNING: 'Need user=<username>&password=<password>' }
