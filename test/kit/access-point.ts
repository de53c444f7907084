import path from 'node:path'
import { buildContext } from '#images/build/build.ts'
import { ensureFolder, sha256 } from '#images/build/context.ts'
import { stage } from '#images/build/stage.ts'
import { debianRoot, type Tools } from '#images/build/tools.ts'
import type { Guest } from '#images/emulator/guest.ts'

const packages = ['hostapd', 'iw', 'iproute2', 'udhcpd', 'udhcpc']

/** The access point's address, which it also gives as router. */
export const gateway = '192.168.77.1'

/** Arguments for QEMU: a second disk with hostapd and a DHCP server, which the kit's image has not. */
export async function accessPointDisk(tools: Tools): Promise<string[]> {
  const context = await buildContext((line) => console.log(line))
  const root = await debianRoot(context, 'access-point', packages)
  const disk = await stage(context, 'access-point-disk', { root: sha256(root) }, async (output) => {
    ensureFolder(path.dirname(output))
    await tools.run('mksquashfs', [root, output, '-noappend', '-quiet', '-no-progress', '-comp', 'gzip', '-no-xattrs'])
  })
  return [
    '-drive',
    `if=none,id=radio,format=raw,readonly=on,file=${disk}`,
    '-device',
    'virtio-blk-pci,drive=radio,serial=RADIO',
  ]
}

/**
 * Gives the kit two simulated radios that hear each other: one is its own, the other becomes an access point in a network
 * namespace of its own, as a router is beside a real kit.
 */
export async function placeAccessPoint(guest: Guest): Promise<void> {
  await guest.run(`set -e
modprobe mac80211_hwsim radios=2
mkdir -p /run/ap
mount -t squashfs -o ro /dev/disk/by-id/virtio-RADIO /run/ap
mount -t tmpfs ap /run/ap/run
mount -t tmpfs ap /run/ap/tmp
mount -t tmpfs ap /run/ap/var/lib/misc
mount --rbind /dev /run/ap/dev
mount --rbind /proc /run/ap/proc
mount --rbind /sys /run/ap/sys
systemd-run --quiet --unit=ap-namespace --property=PrivateNetwork=yes sleep infinity
until pid=$(systemctl show --property=MainPID --value ap-namespace) && [ "$pid" -gt 0 ] && [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/1/ns/net)" ]; do sleep 0.2; done
sleep 1
chroot /run/ap iw phy "$(cat /sys/class/net/wlan1/phy80211/name)" set netns "$pid"
nsenter --target "$pid" --net ip link set lo up
nsenter --target "$pid" --net ip address add ${gateway}/24 dev wlan1`)
}

/** Has the access point offer one network, in place of what it offered before. `lines`: the security in hostapd's words. */
export async function offerNetwork(guest: Guest, ssid: string, lines: readonly string[]): Promise<void> {
  const radio = [
    'interface=wlan1',
    'driver=nl80211',
    'hw_mode=g',
    'channel=1',
    'country_code=DE',
    `ssid=${ssid}`,
    ...lines,
  ]
  const addresses = [
    'interface wlan1',
    'start 192.168.77.20',
    'end 192.168.77.40',
    `option router ${gateway}`,
    'option subnet 255.255.255.0',
    'lease_file /run/leases',
  ]
  await guest.run(`set -e
pid=$(systemctl show --property=MainPID --value ap-namespace)
systemctl stop ap-radio ap-addresses 2>/dev/null || true
systemctl reset-failed ap-radio ap-addresses 2>/dev/null || true
echo ${Buffer.from(radio.join('\n')).toString('base64')} | base64 -d >/run/ap/run/hostapd.conf
echo ${Buffer.from(`${addresses.join('\n')}\n`).toString('base64')} | base64 -d >/run/ap/run/udhcpd.conf
touch /run/ap/run/leases
systemd-run --quiet --unit=ap-radio nsenter --target "$pid" --net chroot /run/ap hostapd /run/hostapd.conf
systemd-run --quiet --unit=ap-addresses nsenter --target "$pid" --net chroot /run/ap udhcpd -f /run/udhcpd.conf`)
}

/** Asks for a page of the kit from the access point's side. @returns its status */
export async function askFromAccessPoint(guest: Guest, address: string): Promise<string> {
  const fetch = `nsenter --target "$(systemctl show --property=MainPID --value ap-namespace)" --net /usr/lib/hearth/node -e 'fetch("${address}").then((answer) => console.log(answer.status))'`
  return guest.run(fetch, { timeoutSeconds: 60 })
}
