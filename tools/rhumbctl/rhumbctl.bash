# Completion of rhumbctl for bash: `source <(rhumbctl completion)`, or installed with it.
# Names of ports and next hops are asked of the router, if one answers within a second.

# Names that a router knows, one a line: _rhumbctl_names ports port. Only those whose characters
# mean nothing to a shell.
_rhumbctl_names() {
    rhumbctl "${_rhumbctl_target[@]}" --timeout 1 show "$1" --limit 1000 --json 2>/dev/null |
        sed -n "s/.*\"$2\":\"\([A-Za-z0-9_.:/@+-]*\)\".*/\1/p"
}

# Offers the given words that begin with what is typed.
_rhumbctl_offer() {
    local word
    for word in "$@"; do
        [[ $word == "$_rhumbctl_typed"* ]] && COMPREPLY+=("$word")
    done
}

_rhumbctl_settings() {
    local word
    compopt -o nospace 2>/dev/null
    for word in "$@"; do
        [[ "$word=" == "$_rhumbctl_typed"* ]] && COMPREPLY+=("$word=")
    done
}

_rhumbctl() {
    local _rhumbctl_typed=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local -a _rhumbctl_target=() words=()
    local n
    COMPREPLY=()

    # The command's words without options, and which router is meant. Bash cuts words at `=`.
    for (( n = 1; n < COMP_CWORD; ++n )); do
        case ${COMP_WORDS[n]} in
            -s | --socket) _rhumbctl_target=(-s "${COMP_WORDS[n + 1]}"); ((++n)) ;;
            -n | --node) _rhumbctl_target=(-n "${COMP_WORDS[n + 1]}"); ((++n)) ;;
            --label | --op | --prefix | --nexthop | --port | --limit | --count | --timeout | --algorithm | \
                --metric | --avoid | --via | --fail | --color | --from | --target | --moves)
                ((++n)) ;;
            = | -*) ;;
            *) words+=("${COMP_WORDS[n]}") ;;
        esac
    done

    case $previous in
        -s | --socket) COMPREPLY=(); compopt -o default 2>/dev/null; return ;;
        --port) _rhumbctl_offer $(_rhumbctl_names ports port); return ;;
        --nexthop) _rhumbctl_offer $(_rhumbctl_names nexthops nexthop); return ;;
        --metric) _rhumbctl_offer igp te delay; return ;;
        --fail) [[ ${words[0]-} == controller ]] && _rhumbctl_offer all link node srlg none; return ;;
        --avoid | --color | --target | --moves) return ;;
        --from | --path | --via) _rhumbctl_offer $(_rhumbctl_names topology node); return ;;
        --op) _rhumbctl_offer continue next pop push; return ;;
        -n | --node | --label | --prefix | --limit | --count | --timeout) return ;;
        =)
            case ${COMP_WORDS[COMP_CWORD - 2]} in
                op) _rhumbctl_offer continue next pop push ;;
                ttl) _rhumbctl_offer uniform pipe ;;
                port) _rhumbctl_offer $(_rhumbctl_names ports port) ;;
                via | backup) _rhumbctl_offer $(_rhumbctl_names nexthops nexthop) ;;
            esac
            return ;;
    esac

    if [[ $_rhumbctl_typed == -* ]]; then
        local -a options=(--socket --node --json --timeout --help --version)
        case ${words[0]-} in
            show) options+=(--watch --label --op --prefix --nexthop --port --limit) ;;
            scion) options+=(--watch --limit) ;;
            trace) options+=(--port --label) ;;
            capture) options+=(--count) ;;
            path) options+=(--color --algorithm --metric --avoid --via --fail) ;;
            controller) options+=(--fail --limit --target --moves --apply) ;;
            overlay) options+=(--watch --limit --from --follow --by) ;;
            topology) options+=(--path --from --color --algorithm --metric --avoid --via --fail --backup) ;;
        esac
        _rhumbctl_offer "${options[@]}"
        return
    fi

    case "${words[*]}" in
        "") _rhumbctl_offer show label prefix nexthop port apply reload shutdown trace capture \
                scion path topology controller overlay completion ;;
        show) _rhumbctl_offer version ports labels prefixes nexthops counters drops config \
                  workers neighbours topology links spf protection policies conflicts utilisation ;;
        scion) _rhumbctl_offer show ;;
        "scion show") _rhumbctl_offer interfaces paths bfd keys drops ;;
        path | "path "*) (( ${#words[@]} < 3 )) && _rhumbctl_offer $(_rhumbctl_names topology node) ;;
        topology) _rhumbctl_offer svg save ;;
        controller) _rhumbctl_offer report reoptimise revert ;;
        overlay) _rhumbctl_offer show follow unfollow block unblock connect disconnect publish new-feed read broadcast listen ;;
        "overlay show") _rhumbctl_offer self feeds peers progress state broadcast nodes forks ;;
        "topology svg" | "topology save") compopt -o default 2>/dev/null ;;
        label | prefix) _rhumbctl_offer set delete ;;
        nexthop) _rhumbctl_offer set delete up down ;;
        port) _rhumbctl_offer up down ;;
        apply) compopt -o default 2>/dev/null ;;
        "port up" | "port down" | capture) _rhumbctl_offer $(_rhumbctl_names ports port) ;;
        "nexthop set" | "nexthop up" | "nexthop down" | "nexthop delete"*)
            _rhumbctl_offer $(_rhumbctl_names nexthops nexthop) ;;
        "label set "*) _rhumbctl_settings op out via segments ttl tc ;;
        "prefix set "*) _rhumbctl_settings via segments ttl tc ;;
        "nexthop set "*) _rhumbctl_settings port mac vlan mtu ttl backup backup.push ;;
        "capture "*) (( ${#words[@]} == 2 )) && compopt -o default 2>/dev/null ;;
    esac
    return 0
}

complete -F _rhumbctl rhumbctl
