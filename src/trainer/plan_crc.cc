#include "trainer/plan_crc.h"

#include "base/codec.h"
#include "base/crc32c.h"
#include "strategy/streaming.h"

namespace accord::trainer {
namespace {

void Add(const ModelLayout& layout, Writer& writer) {
  for (const TensorSpec& tensor : layout.tensors) {
    writer.Lv(tensor.name);
    for (const std::uint64_t n : tensor.shape) writer.U64(n);
  }
}

Writer StatePlan(const JobSpec& job, const model::Partition& partition) {
  const InnerSpec& inner = job.inner;
  Writer writer;
  Add(partition.trained, writer);
  writer.U8(static_cast<std::uint8_t>(inner.optimizer)).F64(inner.momentum);
  writer.F64(inner.beta1).F64(inner.beta2).F64(inner.epsilon).U64(job.seed);
  if (job.adapter.kind != AdapterKind::kNone) {
    writer.U8(static_cast<std::uint8_t>(job.adapter.kind)).U64(job.adapter.rank).F64(job.adapter.alpha);
    writer.Lv(job.adapter.base);
  }
  if (job.personal.kind == PersonalKind::kNone) return writer;
  writer.U8(static_cast<std::uint8_t>(job.personal.kind));
  Add(partition.personal, writer);
  return writer;
}

}  // namespace

std::uint32_t StateCrc(const JobSpec& job, const model::Partition& partition) {
  return Crc32c(StatePlan(job, partition).bytes());
}

std::uint32_t RoundCrc(const JobSpec& job, const model::Partition& partition, const NodeFacts& node) {
  const InnerSpec& inner = job.inner;
  const ScheduleSpec& schedule = inner.schedule;
  Writer writer = StatePlan(job, partition);
  writer.F64(inner.lr).F64(inner.weight_decay).F64(inner.clip_norm).F64(inner.proximal);
  writer.Bool(inner.has_local_steps).U32(inner.local_epochs).U64(inner.local_steps).U32(inner.batch);
  writer.U32(inner.accumulate).Bool(inner.keep_state).U8(static_cast<std::uint8_t>(inner.precision));
  writer.U8(static_cast<std::uint8_t>(schedule.kind)).U64(schedule.warmup_rounds).F64(schedule.min_lr);
  writer.U64(schedule.step_rounds).F64(schedule.gamma).U64(job.round.count);
  writer.U8(static_cast<std::uint8_t>(schedule.unit)).U64(schedule.warmup_steps).U64(schedule.decay_steps);
  writer.U64(job.round.synchronous).U64(node.shuffle_seed).U64(node.examples).U64(job.text.context);
  if (strategy::GoesOn(job.streaming))
    writer.U32(job.streaming.fragments).U64(job.streaming.delay).F64(job.streaming.alpha);
  return Crc32c(writer.bytes());
}

}  // namespace accord::trainer
