import { FieldRefused } from '../refused.ts'
/** A price or a tariff that cannot be used. */
export class TariffRefused extends FieldRefused {
  override name = 'TariffRefused'
  override code = 'tariff'
}
