/** Kinds of machine of which somebody published a measurement. */
export type MachineType =
  | 'rpi-zero-2-w'
  | 'rpi-3b-plus'
  | 'rpi-4b'
  | 'rpi-400'
  | 'rpi-5'
  | 'rpi-cm0'
  | 'intel-n100'
  | 'intel-n150'

/** Watts of one machine, idle and at full load, as one source published them. */
export interface PowerPair {
  type: MachineType
  idle: number
  full: number
  /**
   * What was measured: at the wall, behind the power supply, or the source does not say. `fitted` is no measurement of
   * the two ends but a straight line that others drew through theirs: it widens what is published of a type, and is
   * neither predicted from nor scored.
   */
  nature: 'wall' | 'dc-input' | 'unstated' | 'fitted'
}

/**
 * Every published pair known here. The sources differ in what hangs at the board and mostly do not say where they
 * measured, which is why the same board idles at 1.6 W with one and at 3.1 W with another. What load adds to idle differs
 * far less.
 */
export const powerPairs: readonly PowerPair[] = [
  { type: 'rpi-zero-2-w', idle: 0.6, full: 2.1, nature: 'unstated' },
  { type: 'rpi-cm0', idle: 1.2, full: 3.7, nature: 'unstated' },
  { type: 'rpi-3b-plus', idle: 3.1, full: 5.6, nature: 'unstated' },
  { type: 'rpi-3b-plus', idle: 1.9, full: 5.1, nature: 'unstated' },
  { type: 'rpi-3b-plus', idle: 2.002, full: 5.3, nature: 'fitted' },
  { type: 'rpi-4b', idle: 1.6, full: 5.0, nature: 'unstated' },
  { type: 'rpi-4b', idle: 2.7, full: 6.4, nature: 'unstated' },
  { type: 'rpi-4b', idle: 3.06, full: 6.12, nature: 'unstated' },
  { type: 'rpi-4b', idle: 2.2, full: 5.4, nature: 'dc-input' },
  { type: 'rpi-4b', idle: 3.0, full: 6.3, nature: 'wall' },
  { type: 'rpi-4b', idle: 2.286, full: 6.82, nature: 'fitted' },
  { type: 'rpi-400', idle: 2.7, full: 5.2, nature: 'unstated' },
  { type: 'rpi-400', idle: 1.822, full: 6.847, nature: 'fitted' },
  { type: 'rpi-5', idle: 2.8, full: 9.7, nature: 'unstated' },
  { type: 'rpi-5', idle: 4.403, full: 7.861, nature: 'fitted' },
  { type: 'intel-n100', idle: 5.5, full: 22.1, nature: 'unstated' },
  { type: 'intel-n150', idle: 9.3, full: 25, nature: 'unstated' },
]

/** The pairs that somebody measured. */
export function measuredPairs(pairs: readonly PowerPair[]): PowerPair[] {
  return pairs.filter(({ nature }) => nature !== 'fitted')
}

/** The pairs of each type, in the order of the table. */
export function byType(pairs: readonly PowerPair[]): Map<MachineType, PowerPair[]> {
  return Map.groupBy(pairs, ({ type }) => type)
}
