// Numbers as ECMAScript writes them (ECMA-262, Number::toString with radix 10): the shortest digits
// that read back as the same double; no exponent from 1e-6 up to below 1e21. Threads: any.
#pragma once

#include <string>

namespace rhumb::overlay {

// Appends it as JSON.stringify does: what is infinite or no number is `null`, -0 is 0.
void append_json_number(std::string& to, double number);

}  // namespace rhumb::overlay
