// Reads JSON texts, one a line, and prints each as JSON.stringify writes it: compact, a tab, and the
// pretty text as a JSON string. A text that JSON.parse refuses is a line "!".
const lines = require('fs').readFileSync(0, 'utf8').split('\n')
lines.pop()
const out = lines.map((line) => {
  let value
  try { value = JSON.parse(line) } catch (e) { return '!' }
  return JSON.stringify(value) + '\t' + JSON.stringify(JSON.stringify(value, null, 2))
})
process.stdout.write(out.join('\n') + '\n')
