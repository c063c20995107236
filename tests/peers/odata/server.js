// Starts the shop with its rows in memory, on a port of the system's choosing, and prints that port.
//
//   node server.js [rows]

const { once } = require('node:events')
const cds = require('@sap/cds')
const rows = require('./rows')

const count = Number(process.argv[2] ?? 3000)

// Standard output is for the line that says where the service listens; the log goes to the journey's own.
console.log = console.info = console.debug = console.error

async function main() {
  cds.root = __dirname
  await cds.plugins
  cds.on('served', async () => {
    for (const [entity, entries] of Object.entries(rows(count))) {
      for (let from = 0; from < entries.length; from += 1000) {
        await cds.run(INSERT.into(`shop.${entity}`).entries(entries.slice(from, from + 1000)))
      }
    }
  })
  // Express hands this on to Node, which takes an address too; without one it would listen on every interface.
  const server = await cds.server({ port: { port: 0, host: '127.0.0.1' }, in_memory: true, from: ['service.cds'] })
  if (!server.listening) await once(server, 'listening')
  process.stdout.write(`listening on 127.0.0.1:${server.address().port}\n`)
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
