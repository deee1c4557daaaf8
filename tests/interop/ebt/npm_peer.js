// A peer of npm's ssb-db and ssb-ebt for tests.
//
//     node npm_peer.js PACKAGES FOLDER PORT
//
// Prints {"id": …, "key": …} when it listens on 127.0.0.1:PORT. Then a command a line:
//     publish TEXT      answers PUBLISHED
//     request FEED      replicates it
//     connect ADDRESS   answers CONNECTED, or why not
//     clock             answers CLOCK and its clock as JSON
//     close             ends
'use strict'
const path = require('path')
const [packages, folder, port] = process.argv.slice(2)
const load = (name) => require(require.resolve(name, { paths: [path.resolve(packages)] }))
const caps = load('ssb-caps')
const keys = load('ssb-keys').loadOrCreateSync(path.join(folder, 'secret'))
const peer = load('secret-stack')({ appKey: caps.shs })
  .use(load('ssb-db'))
  .use(load('ssb-ebt'))
  .call(null, {
    path: folder,
    keys,
    caps: { shs: caps.shs },
    timers: { inactivity: -1, handshake: 3000 },
    connections: {
      incoming: { net: [{ scope: 'device', transform: 'shs', host: '127.0.0.1', port: +port }] },
      outgoing: { net: [{ transform: 'shs' }] }
    }
  })

const say = (...words) => console.log(words.join(' '))
const commands = {
  publish: (text) => peer.publish({ type: 'post', text }, (e) => say(e ? e.message : 'PUBLISHED')),
  request: (feed) => peer.ebt.request(feed, true),
  connect: (address) => peer.connect(address, (e) => say(e ? e.message : 'CONNECTED')),
  clock: () => peer.getVectorClock((e, clock) => say('CLOCK', JSON.stringify(clock))),
  close: () => peer.close(true, () => process.exit(0))
}
peer.ebt.request(peer.id, true)
require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [name, ...rest] = line.split(' ')
    commands[name](rest.join(' '))
  })
  .on('close', () => process.exit(0))
say(JSON.stringify({ id: peer.id, key: keys.public }))
