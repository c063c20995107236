// Starts json-server with generated rows, behind an API key, on a port of the system's choosing, and prints that port.
//
//   node server.js [rows]

const jsonServer = require('json-server')

const KEY = 'k/ey+with=odd~chars'
const count = Number(process.argv[2] ?? 5000)

const STATUS = ['open', 'paid', 'shipped', 'cancelled']
const NOTES = [null, '', "it's 100% \"fine\" & <good>", 'Größe: 5 µm – ✓ 😀', 'two\nlines\tand a tab', '?a=1&b=2#c']
const two = number => String(number).padStart(2, '0')

// A row follows from its number alone, so that a journey knows what must come.
function order(i) {
  return {
    id: i,
    // Not customerId: json-server deletes what refers to a deleted record by such a name.
    customer: `C-${1 + (i % 500)}`,
    status: STATUS[i % 4],
    total: ((i * 37) % 100000) / 100,
    weight: i % 7 ? i / 8 : null,
    gift: i % 2 === 0,
    note: NOTES[i % NOTES.length],
    address: { city: i % 3 ? 'Köln' : 'Ulm', zip: String(10000 + i) },
    tags: i % 5 ? [] : ['new', 'größer'],
    updatedAt: `2026-${two(1 + (i % 12))}-${two(1 + (i % 28))}T${two(i % 24)}:${two(i % 60)}:00Z`,
  }
}

function customer(i) {
  return { id: `C-${i}`, name: `Künde ${i} & Söhne`, email: i % 10 ? `k${i}@example.com` : null }
}

const rows = (length, row) => Array.from({ length }, (_, at) => row(at + 1))

const app = jsonServer.create()
// The folder is one that does not exist: there is no web page.
app.use(jsonServer.defaults({ logger: false, static: `${__dirname}/public` }))
app.use((request, response, next) => {
  if (request.get('X-Api-Key') === KEY) return next()
  response.status(401).json({ error: { code: 'unauthorized', message: 'X-Api-Key is missing or wrong' } })
})
app.use(jsonServer.router({ orders: rows(count, order), customers: rows(500, customer) }))

const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on 127.0.0.1:${server.address().port}\n`)
})
