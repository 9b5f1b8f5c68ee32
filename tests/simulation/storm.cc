#include "tests/simulation/storm.h"

#include <algorithm>

namespace accord::simulation {
namespace {

constexpr Millis kKeepAlive = sim::Network::kKeepAlive;  // a session outlives a shorter silence

}  // namespace

void Storm::Begin() {
  for (const Fault& fault : faults_) {
    if (fault.kind == Kind::kTornWrite) {
      federation_.machine(fault.party).disk.dies_after = fault.count;
      ++fired_;
    } else if (fault.count == 0) {
      if (fault.kind == Kind::kRestore)
        federation_.world().After(fault.at - Millis(fault.amount), [this] { federation_.BackUp(); });
      federation_.world().After(fault.at, [this, &fault] { Happen(fault); });
    }
  }
}

// Not within the handler that says it.
void Storm::OnSaid(Word word) {
  if (word == Word::kAny) return;
  const std::uint64_t number = ++said_[word];
  for (const Fault& fault : faults_) {
    if (fault.word != word || fault.count != number) continue;
    federation_.world().After(fault.at, [this, &fault] {
      if (federation_.world().now() < horizon_) Happen(fault);
    });
  }
}

void Storm::Counted(Kind kind, std::size_t party, std::uint64_t number) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    const bool now = fault.word == Word::kAny && fault.kind == kind && fault.party == party &&
                     fault.count == number && number > 0;
    if (!now || done_[i]) continue;
    done_[i] = true;
    ++fired_;
    federation_.Doom(party, sim::Crash::kProcess, fault.length);
  }
}

void Storm::Happen(const Fault& fault) {
  ++fired_;
  if (fault.kind == Kind::kRestore) return federation_.Restore(fault.length);
  fault.kind >= Kind::kPartition ? HappenToConnection(fault) : HappenToMachine(fault);
}

void Storm::HappenToMachine(const Fault& fault) {
  sim::Machine& machine = federation_.machine(fault.party);
  const auto later = [&](auto what) { federation_.world().After(fault.length, what); };
  switch (fault.kind) {
    case Kind::kCrash:
      return federation_.CrashNow(fault.party, sim::Crash::kProcess, fault.length);
    case Kind::kPowerCut:
      return federation_.CrashNow(fault.party, sim::Crash::kPower, fault.length);
    case Kind::kDiskFull:
      machine.disk.full = true;
      return later([&machine] { machine.disk.full = false; });
    case Kind::kClockJump:
      machine.skew += Millis(fault.amount);
      return;
    case Kind::kSlow:
      machine.slowness = fault.amount;
      return later([&machine] { machine.slowness = 1; });
    default:
      return;
  }
}

void Storm::HappenToConnection(const Fault& fault) {
  sim::World& world = federation_.world();
  sim::Network& network = federation_.network();
  const std::size_t node = fault.party - 1;
  sim::Weather& weather = network.weather[node];
  const double share = static_cast<double>(fault.amount) / 1000.0;
  const auto later = [&](auto what) { world.After(fault.length, what); };
  switch (fault.kind) {
    case Kind::kPartition:
      weather.cut_until = std::max(weather.cut_until, world.now() + fault.length);
      if (fault.length > kKeepAlive) network.Break(node, kKeepAlive, kKeepAlive + Millis(1'000));
      return;
    case Kind::kBreak:
      return network.Break(node, Millis(fault.length.count() % 500), Millis(fault.length.count() % 9'000));
    case Kind::kFlap:
      return Flap(node, world.now() + fault.length);
    case Kind::kLoss:
      weather.dies = share;
      return later([&weather] { weather.dies = 0; });
    case Kind::kDoubling:
      weather.doubled = share;
      return later([&weather] { weather.doubled = 0; });
    case Kind::kOvertaking:
      weather.overtaken = share;
      return later([&weather] { weather.overtaken = 0; });
    case Kind::kDelay:
      weather.most = Millis(fault.amount);
      return later([&weather] { weather.most = sim::Weather().most; });
    case Kind::kLabStops:
      federation_.Lab(node, task::Stop{});
      return later([this, node] { federation_.Lab(node, task::Allow{}); });
    default:
      return;
  }
}

void Storm::Flap(std::size_t node, Millis until) {
  if (federation_.world().now() >= until) return;
  federation_.network().Break(node, Millis(1), Millis(20));
  federation_.world().After(Millis(400), [this, node, until] { Flap(node, until); });
}

}  // namespace accord::simulation
