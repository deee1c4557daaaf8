// A peer of npm's transport alone, that says on ebt.replicate what it is told to, be it wrong.
//
//     node npm_raw.js PACKAGES FOLDER HOST PORT
//
// Prints {"id": …} when it listens on HOST:PORT. Commands are lines of JSON:
//     {"do": "connect", "to": ADDRESS}        prints {"connected": null}, or why not
//     {"do": "open", "version": 3}            calls ebt.replicate on that connection
//     {"do": "send", "what": VALUE}           on the newest stream
//     {"do": "make", "contents": [VALUE…]}    its own feed; prints {"made": [ID…]}
//     {"do": "give", "sequence": N}           sends a message of it
//     {"do": "fork", "sequence": N}           sends another message in its place, well signed
//     {"do": "break", "sequence": N}          sends it with another text under its signature
//     {"do": "end"}                           ends the newest stream
//     {"do": "goodbye"}                       closes the connection; prints {"closed": null}
// What comes is printed: {"stream": K} for one that was opened, {"on": K, "got": VALUE}, {"on": K,
// "end": true or why}, {"gone": true} for a connection.
'use strict'
const path = require('path')
const [packages, folder, host, port] = process.argv.slice(2)
const load = (name) => require(require.resolve(name, { paths: [path.resolve(packages)] }))
const caps = load('ssb-caps')
const ssbKeys = load('ssb-keys')
const validate = load('ssb-validate')
const pull = load('pull-stream')
const keys = ssbKeys.loadOrCreateSync(path.join(folder, 'secret'))
const say = (what) => console.log(JSON.stringify(what))

// Streams: what is sent waits in a queue until the transport asks for it.
let streams = 0
let newest = null
const stream = () => {
  const number = ++streams
  const queue = []
  let waiting = null
  let ended = null
  const move = () => {
    if (!waiting) return
    const cb = waiting
    if (queue.length) {
      waiting = null
      cb(null, queue.shift())
    } else if (ended) {
      waiting = null
      cb(ended)
    }
  }
  newest = {
    send: (what) => { queue.push(what); move() },
    end: () => { ended = true; move() }
  }
  say({ stream: number })
  return {
    source: (abort, cb) => {
      if (abort) return cb(abort)
      waiting = cb
      move()
    },
    sink: pull.drain((got) => say({ on: number, got }),
      (e) => say({ on: number, end: e && e !== true ? e.message : true }))
  }
}

const raw = {
  name: 'ebt',
  version: '1.0.0',
  manifest: { replicate: 'duplex' },
  permissions: { anonymous: { allow: ['replicate'] } },
  init: () => ({ replicate: () => stream() })
}
const peer = load('secret-stack')({ appKey: caps.shs, caps: { shs: caps.shs } })
  .use(raw)
  .call(null, {
    path: folder,
    keys,
    caps: { shs: caps.shs },
    timers: { inactivity: -1, handshake: 3000 },
    connections: {
      incoming: { net: [{ scope: 'device', transform: 'shs', host, port: +port }] },
      outgoing: { net: [{ transform: 'shs' }] }
    }
  })
let rpc = null
peer.on('rpc:connect', (to) => {
  rpc = to
  to.on('closed', () => say({ gone: true }))
})

let chain = []
const chained = (contents) => {
  let state = validate.initial()
  for (const content of contents) {
    state = validate.appendNew(state, null, keys, content, 1.5e12 + state.queue.length)
  }
  return state.queue
}
const signed = (value, content) => {
  const { signature, ...rest } = value
  return ssbKeys.signObj(keys, null, { ...rest, content })
}
const commands = {
  connect: ({ to }) => peer.connect(to, (e) => say({ connected: e ? e.message : null })),
  open: ({ version }) => {
    const ours = stream()
    pull(ours.source, rpc.ebt.replicate({ version, format: 'classic' }, () => {}), ours.sink)
  },
  send: ({ what }) => newest.send(what),
  make: ({ contents }) => {
    chain = chained(contents)
    say({ made: chain.map((m) => m.key) })
  },
  give: ({ sequence }) => newest.send(chain[sequence - 1].value),
  fork: ({ sequence }) => newest.send(signed(chain[sequence - 1].value, { type: 'fork' })),
  break: ({ sequence }) => newest.send({ ...chain[sequence - 1].value, content: { type: 'broken' } }),
  end: () => newest.end(),
  goodbye: () => rpc.close(true, () => say({ closed: null }))
}
require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => {
    const given = JSON.parse(line)
    commands[given.do](given)
  })
  .on('close', () => process.exit(0))
say({ id: peer.id })
