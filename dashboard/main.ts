import { Dashboard } from './app.ts'
import { readOptions } from './options.ts'

try {
  const dashboard = new Dashboard(readOptions(process.env))
  const stop = () => void dashboard.stop()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  await dashboard.start()
} catch (error) {
  console.error(`The dashboard cannot start: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
