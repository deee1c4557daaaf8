#include "controlplane/overlay/broadcast/broadcaster.hh"

#include <algorithm>
#include <bit>
#include <vector>

#include "controlplane/overlay/broadcast/plumtree.hh"

namespace rhumb::overlay::broadcast {
namespace {

// Each message once to every neighbour but the one that it came from.
class flooding final : public broadcaster {
public:
    flooding(const membership& peers, courier& copies) : peers_(peers), copies_(copies) {}

    void fresh(const arrival& m, const turn& t) override {
        if (!m.pass_on) {
            return;
        }
        for (slot_set left = peers_.neighbours() & ~only(m.from); left != 0; left &= left - 1) {
            const auto s = static_cast<slot>(std::countr_zero(left));
            copies_.send(peers_.at(s).key, m.name, static_cast<std::uint16_t>(m.hops + 1), t);
        }
    }
    [[nodiscard]] slot_set eager() const noexcept override { return peers_.neighbours(); }

private:
    const membership& peers_;
    courier& copies_;
};

// Each message once to some random peers of both views ("infect and die").
class random_gossip final : public broadcaster {
public:
    random_gossip(std::size_t fanout, const secret& key, const membership& peers, courier& copies)
        : fanout_(fanout), dice_({key.low ^ 2, key.high}), peers_(peers), copies_(copies) {}

    void fresh(const arrival& m, const turn& t) override {
        if (!m.pass_on) {
            return;
        }
        choices_.clear();
        for (slot_set left = peers_.neighbours() & ~only(m.from); left != 0; left &= left - 1) {
            choices_.push_back(&peers_.at(static_cast<slot>(std::countr_zero(left))));
        }
        const std::size_t near = choices_.size();
        for (std::size_t n = 0; n < peers_.passive_size(); ++n) {
            if (m.hops == 0 || peers_.passive_at(n).key != m.sender) {
                choices_.push_back(&peers_.passive_at(n));
            }
        }
        far_.assign(choices_.size(), true);
        std::fill_n(far_.begin(), near, false);
        for (std::size_t n = 0; n < choices_.size() && n < fanout_; ++n) {
            const std::size_t chosen = n + dice_.below(choices_.size() - n);
            std::swap(choices_[n], choices_[chosen]);
            const bool is_far = far_[chosen];
            far_[chosen] = far_[n];
            send(*choices_[n], is_far, m, t);
        }
    }
    [[nodiscard]] slot_set eager() const noexcept override { return 0; }

private:
    void send(const contact& to, bool is_far, const arrival& m, const turn& t) {
        if (is_far) {
            t.dial(to);
        }
        copies_.send(to.key, m.name, static_cast<std::uint16_t>(m.hops + 1), t);
        if (is_far) {
            t.release(to.key);
        }
    }

    std::size_t fanout_;
    dice dice_;
    const membership& peers_;
    courier& copies_;
    std::vector<const contact*> choices_;
    std::vector<bool> far_;  // which of them are no neighbours
};

}  // namespace

std::unique_ptr<broadcaster> make_broadcaster(const options& wanted, const knowledge& known,
                                              const membership& peers, courier& copies) {
    switch (wanted.way) {
        case spreading::flooding: return std::make_unique<flooding>(peers, copies);
        case spreading::gossip:
            return std::make_unique<random_gossip>(wanted.gossip_fanout, wanted.key, peers, copies);
        case spreading::plumtree: break;
    }
    return std::make_unique<plumtree>(wanted, known, peers, copies);
}

}  // namespace rhumb::overlay::broadcast
