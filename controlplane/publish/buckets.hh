// Resilient hashing: who owns which bucket of a path_group. Threads: control.
#pragma once

#include "rhumb/table/path.hh"

namespace rhumb::publish {

// Fills group.bucket so that every path owns its share by weight, rounded to whole buckets, and at
// least one. A bucket that a path of `previous` (or null) owned stays with that path unless the
// path has left or owns more than its new share: no flow moves that does not have to. Precondition:
// count from 1 to max_paths, weights not 0, paths distinct.
void fill_buckets(path_group& group, const path_group* previous);

}  // namespace rhumb::publish
