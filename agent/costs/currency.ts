/** Whether `code` is an ISO 4217 currency in use. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && Intl.supportedValuesOf('currency').includes(code)
}

/** Digits after the point of a currency's smallest coin by ISO 4217: EUR 2, JPY 0, KWD 3. */
export function minorUnits(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}
