/** `hearth` on a kit: the ledger's commands. */
import { ledgerCommand } from './command.ts'

const [first, ...rest] = process.argv.slice(2)
process.exitCode =
  first === 'ledger' || first === undefined
    ? await ledgerCommand(rest, console.log, console.error)
    : await ledgerCommand(['help'], console.log, console.error)
