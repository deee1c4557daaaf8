// A peer of npm's for tests: ssb-db and ssb-ebt, or what an application has around them.
//
//     node npm_peer.js PACKAGES FOLDER HOST PORT [application]
//
// Prints {"id": …, "key": …} when it listens on HOST:PORT. Then a command a line:
//     publish TEXT            answers PUBLISHED
//     many N                  publishes N messages of odd texts and numbers, answers MANY
//     follow FEED             publishes that it follows, answers PUBLISHED
//     request FEED [false]    replicates it, or not any more
//     block FEED [false]      blocks a peer, or not any more
//     connect ADDRESS         answers CONNECTED, or why not
//     clock                   answers CLOCK and its clock as JSON
//     ids FEED                answers IDS and the ids of its messages of the feed, in order
//     watch                   answers WATCHING; from now on LIVE SEQUENCE MILLISECONDS AUTHOR for
//                             each that comes
//     close                   ends
'use strict'
const path = require('path')
const [packages, folder, host, port, kind] = process.argv.slice(2)
const load = (name) => require(require.resolve(name, { paths: [path.resolve(packages)] }))
const caps = load('ssb-caps')
const keys = load('ssb-keys').loadOrCreateSync(path.join(folder, 'secret'))
const plugins = kind === 'application'
  ? ['ssb-db2', 'ssb-db2/compat/ebt', 'ssb-db2/compat/history-stream', 'ssb-friends', 'ssb-blobs',
      'ssb-ebt', 'ssb-conn', 'ssb-replication-scheduler', 'ssb-room-client', 'ssb-invite-client']
  : ['ssb-db', 'ssb-ebt']
const stack = load('secret-stack')({ appKey: caps.shs, caps: { shs: caps.shs } })
for (const name of plugins) stack.use(load(name))
const peer = stack.call(null, {
  path: folder,
  keys,
  caps: { shs: caps.shs },
  friends: { hops: 2 },
  conn: { autostart: false },
  replicationScheduler: { debouncePeriod: 0 },
  timers: { inactivity: -1, handshake: 3000 },
  connections: {
    incoming: { net: [{ scope: 'device', transform: 'shs', host, port: +port }] },
    outgoing: { net: [{ transform: 'shs' }] }
  }
})
const pull = load('pull-stream')

const say = (...words) => console.log(words.join(' '))
const add = (content, done) =>
  peer.db ? peer.db.create({ keys, content }, done) : peer.publish(content, done)
const published = (e) => say(e ? e.message : 'PUBLISHED')
// Beyond the basic plane, halves of pairs, JavaScript's order of keys, numbers of all forms. ssb-db2
// keeps UTF-8: what it sends of a half is another message than was signed.
const half = peer.db ? '\ufffd' : '\ud800'
const odd = (n) => ({
  type: 'post',
  text: ['plain', 'h\u00e9llo \u{1f600} \u2028', `lone ${half} half`, '\u0000\b\u007f"\\', '\u3042'.repeat(n % 50)][n % 5],
  n: [n, -0, 1e21, 1e-7, 5e-324, 0.1 * n, -1.5e300, 123456789012 + n],
  b: { 10: 1, b: 2, 2: [], '01': {}, 4294967295: null, [half]: true }
})
const many = (count, done) => {
  let next = 0
  let open = 0
  const more = () => {
    while (open < 64 && next < count) {
      open++
      add(odd(next++), (e) => {
        if (e) throw e
        if (--open === 0 && next === count) done()
        else more()
      })
    }
  }
  more()
}
const in_order = (all) =>
  all.sort((a, b) => a.value.sequence - b.value.sequence).map((m) => m.key)
const commands = {
  publish: (text) => add({ type: 'post', text }, published),
  many: (count) => many(+count, () => say('MANY')),
  follow: (feed) => add({ type: 'contact', contact: feed, following: true }, published),
  request: (feed, on) => peer.ebt.request(feed, on !== 'false'),
  block: (feed, on) => peer.ebt.block(peer.id, feed, on !== 'false'),
  connect: (address) => peer.connect(address, (e) => say(e ? e.message : 'CONNECTED')),
  clock: () => peer.getVectorClock((e, clock) => say('CLOCK', JSON.stringify(clock))),
  ids: (feed) => pull(
    peer.createHistoryStream({ id: feed, keys: true, live: false }),
    pull.collect((e, all) => say('IDS', JSON.stringify(e ? [e.message] : in_order(all))))),
  watch: () => {
    const tell = (m) => say('LIVE', m.value.sequence, Date.now(), m.value.author)
    if (peer.db) peer.db.onMsgAdded((event) => tell(event.kvt))
    else peer.post(tell)
    say('WATCHING')
  },
  close: () => peer.close(true, () => process.exit(0))
}
peer.ebt.request(peer.id, true)
if (peer.replicationScheduler) peer.replicationScheduler.start()
require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [name, ...rest] = line.split(' ')
    commands[name](...(name === 'publish' ? [rest.join(' ')] : rest))
  })
  .on('close', () => process.exit(0))
say(JSON.stringify({ id: peer.id, key: keys.public }))
