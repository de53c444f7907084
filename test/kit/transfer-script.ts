/** For `node -e`: sends UP bytes to a machine of test/network/transfer.ts, takes DOWN bytes, and prints how many came. */
export const transferScript = `
const [host, port, up, down] = process.argv.slice(1)
const chunk = Buffer.alloc(65536)
let left = Number(up), got = 0
const socket = require("node:net").connect(Number(port), host, () => {
  socket.write(up + " " + down + "\\n")
  const more = () => {
    while (left > 0) {
      const size = Math.min(left, chunk.length)
      left -= size
      if (!socket.write(chunk.subarray(0, size))) return socket.once("drain", more)
    }
  }
  more()
})
socket.setTimeout(60000, () => socket.destroy(new Error("nothing moved for a minute")))
socket.on("data", (data) => { got += data.length })
socket.on("end", () => { socket.end(); console.log(got) })
socket.on("error", (error) => { console.error(error.message); process.exit(1) })
`
