#include "tools/rhumb-scion/explain_json.hh"

namespace rhumb::scion_tool {

namespace {

using nlohmann::json;
using scion::explain::field;
using scion::explain::verdict;

json fields_of(const std::vector<field>& all);

json field_of(const field& one) {
    json made{{"offset", one.offset}, {"bytes", one.bytes}, {"name", one.name}};
    if (one.number) {
        made["value"] = *one.number;
        made["text"] = one.value;
    } else if (!one.value.empty()) {
        made["value"] = one.value;
    }
    if (!one.meaning.empty()) {
        made["meaning"] = one.meaning;
    }
    if (one.judged != verdict::none) {
        made["verdict"] = one.judged == verdict::right ? "right" : "wrong";
    }
    if (one.is_current) {
        made["current"] = true;
    }
    if (!one.inside.empty()) {
        made["fields"] = fields_of(one.inside);
    }
    return made;
}

json fields_of(const std::vector<field>& all) {
    json made = json::array();
    for (const field& one : all) {
        made.push_back(field_of(one));
    }
    return made;
}

}  // namespace

json to_json(const scion::explain::listing& of) {
    json faults = json::array();
    for (const scion::explain::fault& one : of.faults) {
        faults.push_back({{"offset", one.offset}, {"message", one.message}});
    }
    return {{"bytes", of.bytes}, {"layers", fields_of(of.layers)}, {"faults", faults}};
}

}  // namespace rhumb::scion_tool
