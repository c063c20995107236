// The rows of the shop. Each follows from its number alone, so that a journey knows what must come.

const STATUS = ['open', 'paid', 'shipped', 'cancelled']
const two = number => String(number).padStart(2, '0')
const day = i => `2026-${two(1 + (i % 12))}-${two(1 + (i % 28))}`
const time = i => `${two(i % 24)}:${two(i % 60)}:${two((i * 7) % 60)}`
const moment = i => `${day(i)}T${time(i)}`

// Text that breaks whatever is built by joining text.
const NOTES = [
  null,
  '',
  "it's 100% \"fine\" & <good>",
  'Größe: 5 µm – ✓ 😀',
  'two\nlines\tand a tab',
  "') or 1 eq 1 or ('",
]

function order(i) {
  return {
    ID: i,
    customer: `Künde ${i % 97} & Söhne`,
    status: STATUS[i % 4],
    total: i % 10 === 9 ? null : ((i * 37) % 100000) / 100,
    exact: i % 5 ? null : `${i}12345678901234567.0123456789`,
    weight: i % 7 ? i / 8 : null,
    gift: i % 3 === 0 ? null : i % 3 === 1,
    pieces: i % 11 ? i : '9007199254740993',
    rank: i % 256,
    orderedOn: i % 13 ? day(i) : null,
    pickupAt: time(i),
    shippedAt: i % 4 === 2 ? `${moment(i)}Z` : null,
    seenAt: `${moment(i)}.${String(i % 1000).padStart(3, '0')}Z`,
    note: NOTES[i % NOTES.length],
    delivery_street: `${i} Main Street`,
    delivery_city: i % 2 ? 'Köln' : null,
    stops: i % 6 ? [] : [{ street: 'Depot', city: 'Ulm' }, { street: `Gate ${i}`, city: null }],
    tags: i % 4 ? null : ['new', 'größer'],
    extra: i % 9 ? null : { source: 'web', score: i / 4 },
    createdAt: `${moment(i)}.000Z`,
    createdBy: 'import',
    modifiedAt: `${moment(i)}.000Z`,
    modifiedBy: 'import',
  }
}

const CODES = ["o'clock", 'a/b', 'a b', 'a+b', 'a%2Fb', 'ä?ö#ü', '(x=1)', 'a,b;c', '"quoted"', '😀', '$batch', '..']

module.exports = count => {
  const numbers = Array.from({ length: count }, (_, at) => at + 1)
  return {
    Orders: numbers.map(order),
    OrderItems: numbers.slice(0, 500).flatMap(i =>
      Array.from({ length: 1 + (i % 3) }, (_, at) => ({
        order_ID: i, line: at + 1, product: `Part ${(i + at) % 40}`, amount: 1 + at, price: (i % 900) + 0.99,
      }))),
    Books: numbers.slice(0, 50).map(i => ({
      ID: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, title: `Book ${i}`, stock: i % 9 || null,
      modifiedAt: `${moment(i)}.000Z`,
    })),
    Labels: CODES.map((code, at) => ({ code, text: `label ${at}` })),
    Documents: [1, 2, 3].map(i => ({
      ID: `00000000-0000-4000-9000-${String(i).padStart(12, '0')}`, name: `file${i}`,
      checksum: Buffer.from(`checksum ${i} ÿ`), content: Buffer.from([i, 0, 255]),
    })),
    Currencies: [['EUR', 'Euro', 2], ['JPY', 'Yen', 0], ['USD', 'Dollar', 2]].map(
      ([code, name, digits]) => ({ code, name, digits })),
  }
}
