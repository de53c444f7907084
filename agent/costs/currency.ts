/** Whether `code` is an ISO 4217 currency in use. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && Intl.supportedValuesOf('currency').includes(code)
}

const lookedUp = new Map<string, number>()

/** Digits after the point of a currency's smallest coin by ISO 4217: EUR 2, JPY 0, KWD 3. */
export function minorUnits(currency: string): number {
  const known = lookedUp.get(currency)
  if (known !== undefined) return known
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  lookedUp.set(currency, digits)
  return digits
}
