// A job as its file states it (TOML, version 1). The file's bytes are the plan; its SHA-256 is what is voted
// on and bound into every round, so nothing repeats these fields in another form. Parsed by
// src/config/job_file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "accord/clock.h"

namespace accord {

enum class SecureMode : std::uint8_t {
  kSemiHonest = 0,
  kMalicious = 1,
  kOff = 2
};                                                                   // 0 and 1 as in secagg.md 2.0
enum class WeightPolicy : std::uint8_t { kCoarse, kExact, kEqual };  // secagg.md 2.7
enum class OptimizerKind : std::uint8_t { kSgd, kAdam, kAdamW };
enum class ScheduleKind : std::uint8_t { kConstant, kCosine, kStep, kWsd };
// What a schedule counts: the rounds of a job, or their local steps one after the other.
enum class ScheduleUnit : std::uint8_t { kRound, kStep };
enum class Metric : std::uint8_t { kLoss = 0, kAccuracy = 1, kBitsPerByte = 4 };  // values as update::Figure
enum class Precision : std::uint8_t { kF32, kBf16 };
// A linear map of an update before it becomes integers.
enum class Transform : std::uint8_t { kNone, kHadamard };

// kind = "llama": the keys of Hugging Face's LlamaConfig, which are those of its config.json. 0: not given;
// model::Resolve fills in what a preset or another key says.
struct LlamaSpec {
  std::string preset;  // "2m" | "15m" | "110m"; empty: none
  std::uint64_t vocab_size = 0;
  std::uint64_t hidden_size = 0;
  std::uint64_t intermediate_size = 0;
  std::uint64_t num_hidden_layers = 0;
  std::uint64_t num_attention_heads = 0;
  std::uint64_t num_key_value_heads = 0;
  std::uint64_t max_position_embeddings = 0;
  double rms_norm_eps = 1e-5;
  double rope_theta = 10'000.0;
  bool tie_word_embeddings = true;
};

// [model] kind = "mlp" | "cnn" | "llama" | "unigram" (llama.vocab_size). Unused fields stay empty.
struct ModelSpec {
  std::string kind;
  std::vector<std::uint64_t>
      input;                  // shape of one example: {28, 28} or {1, 28, 28} for cnn, {features} for mlp
  std::uint64_t classes = 0;  // outputs; 1 means one logit and a binary target
  std::vector<std::uint64_t>
      hidden;  // mlp: widths of the hidden layers; cnn: width of the dense layer (one entry)
  std::vector<std::uint64_t>
      channels;  // cnn: channels of each 5x5 convolution, each followed by ReLU and 2x2 max-pool
  LlamaSpec llama;
  std::string
      start;  // "sha256:HEX", model::ModelHash of the weights to begin from; empty: the seed draws them
};

// Language models and vocabularies: how text becomes examples.
struct TextSpec {
  std::string tokenizer = "byte";  // or "sha256:HEX", the SentencePiece model of this hash
  std::uint64_t context = 0;       // tokens of one training example; 0: llama.max_position_embeddings
};

// The learning rate of a round: a function of the global round alone, equal at all nodes.
struct ScheduleSpec {
  ScheduleKind kind = ScheduleKind::kConstant;
  ScheduleUnit unit = ScheduleUnit::kRound;
  std::uint64_t warmup_steps = 0;   // kStep: as warmup_rounds, in steps
  std::uint64_t decay_steps = 0;    // kWsd: the last steps, in which the rate falls from lr to min_lr
  std::uint64_t warmup_rounds = 0;  // linear from lr / (warmup_rounds + 1)
  double min_lr = 0.0;              // floor of kCosine, reached in the last round
  std::uint64_t step_rounds = 0;    // kStep: lr *= gamma each step_rounds
  double gamma = 0.1;
};

struct InnerSpec {
  OptimizerKind optimizer = OptimizerKind::kSgd;
  double lr = 0.0;
  double momentum = 0.0;  // SGD
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;
  bool has_local_steps = false;  // exactly one of local_epochs and local_steps is given
  std::uint32_t local_epochs = 1;
  std::uint64_t local_steps = 0;  // 0 is allowed: a round that trains nothing
  std::uint32_t batch = 32;
  double clip_norm = 0.0;                 // the gradient's L2 norm is cut to this; 0: never
  double proximal = 0.0;                  // FedProx: mu of mu/2 ||w - x||^2
  bool keep_state = false;                // the optimizer's state lives from round to round
  Precision precision = Precision::kF32;  // of matrix products; weights and state are f32 always
  std::uint32_t accumulate = 1;           // parts of a batch that are computed one after the other
  bool checkpointing = false;             // activations are computed again in the backward pass
  // > 0: what a round's local steps should take; a node too slow for all of them takes fewer, though not
  // fewer than min_steps (0: a tenth of local_steps).
  Millis round_time{0};
  std::uint64_t min_steps = 0;
  ScheduleSpec schedule;
};

struct OuterSpec {
  std::string rule = "fedavg";
  double lr = 1.0;
  double momentum = 0.9;                         // fedavgm, diloco
  double beta1 = 0.9, beta2 = 0.99, tau = 1e-3;  // fedadagrad, fedadam, fedyogi
};

// [streaming]: Streaming DiLoCo (Douillard et al. 2025): the model in fragments that take turns. Each is
// exchanged once in inner.local_steps, and a round, which exchanges one, has local_steps / fragments of them.
struct StreamingSpec {
  std::uint32_t fragments = 1;  // P; 1: every round exchanges the whole model
  std::uint64_t delay = 0;      // tau: local steps that go on while a fragment's sum is made
  double alpha = 0.0;           // share of the local value that is kept when the new global one comes
};

// [adapter]: a frozen base model, and beside some of its matrices W [out, in] two thin ones; computed with is
// W + alpha / rank * B A.
enum class AdapterKind : std::uint8_t {
  kNone,
  kLora,       // A and B are trained and exchanged (Hu et al. 2021); averaged each by itself
  kFfaLora,    // A stays as the seed draws it, B is exchanged (Sun et al. 2024): averages are exact
  kFedSaLora,  // A is exchanged, B stays at its node (Guo et al. 2024)
};
struct AdapterSpec {
  AdapterKind kind = AdapterKind::kNone;
  std::uint64_t rank = 8;
  double alpha = 16.0;
  std::vector<std::string> projections;  // names of matrices; empty: model::LlamaProjections, of llama
  std::string base;                      // "sha256:HEX" of the file of the frozen model
};

// [personal]: what a node trains for itself and never sends.
enum class PersonalKind : std::uint8_t {
  kNone,
  kFedPer,  // some tensors stay at the node (Arivazhagan et al. 2019)
  kDitto,   // a whole model beside the common one, held near to it (Li et al. 2021)
};
struct PersonalSpec {
  PersonalKind kind = PersonalKind::kNone;
  std::vector<std::string> tensors;  // fedper: whole components of names, as "lm_head" or "model.norm"
  double lambda = 0.1;               // ditto: the pull towards the common model
  std::uint64_t local_steps = 0;     // ditto: steps of the own model in a round
};

// How an update becomes integers (secagg.md 2.7): clip each coordinate to [-clip, clip], weight, round to
// `bits`.
struct UpdateSpec {
  std::uint32_t bits = 16;
  double clip = 1.0;
  double clip_rms =
      0.0;  // > 0: from the second round on the clip is so many times the RMS of the last mean update
  Transform transform = Transform::kNone;
  std::uint64_t max_examples = 0;  // W_max
  WeightPolicy weights = WeightPolicy::kCoarse;
  bool report_clipped = false;  // the number of coordinates that the clip cut, summed in a header word
};

struct EvalSpec {
  std::vector<Metric> metrics;
  bool exact = false;       // exact counts in the header words instead of omega-weighted means (DESIGN 2)
  std::uint32_t every = 1;  // of training rounds: those after 0, every, 2 every... rounds
};

struct RoundSpec {
  std::uint64_t count = 0;
  // The first rounds, which train one local step each and average plainly, whatever inner and outer say.
  std::uint64_t synchronous = 0;
  std::uint32_t min_nodes = 0;
  std::uint32_t min_survivors = 0;
  // Updates that a round wants; it begins with `over_selection` nodes more, and does not wait for the
  // slowest. 0: all nodes that are ready, and all of them are waited for.
  std::uint32_t goal = 0;
  std::uint32_t over_selection = 0;
  Millis min_wait{60'000};  // the bounds that a person sets on the waits of a round (src/job/deadlines.h);
  Millis max_wait{0};       // where min_wait is the longer one, max_wait holds
  std::uint32_t attempts = 3;
};

// [samples]: what people who follow the job may hear the common model say, a prompt a nation. Text that any
// member makes for itself from a model that all have; no lab takes part in it.
struct SamplesSpec {
  std::map<std::string, std::string> prompts;  // by name, as of a nation or a language
  std::uint64_t tokens = 64;                   // of each sample
};

// A partition: each group masks apart, and its sum is looked at before it counts. Empty: all nodes
// together.
struct GroupsSpec {
  std::map<std::string, std::vector<std::string>> nodes;  // names of nodes by the name of their group
  std::uint32_t min_groups = 0;                           // whose sums a round needs
  double max_norm = 0.0;                                  // of a group's mean update; 0: any
  double min_cosine = -1.0;  // of a group's mean update and the groups' median; -1: any
  bool reshuffle = false;    // each round deals the nodes anew, by consent of the charter:
  static constexpr std::uint32_t kLeastReshuffled =
      3;                                             // nodes of a group; two would see each other's updates
  static constexpr std::size_t kMostReshuffled = 6;  // groups; every set of them is looked at
};

// Which job goes first where several want the same thing.
enum class Priority : std::uint8_t { kLow, kNormal, kHigh };

struct JobSpec {
  std::uint32_t version = 1;
  std::string name;
  std::string purpose;
  std::uint64_t seed = 0;
  Priority priority = Priority::kNormal;
  SecureMode secure = SecureMode::kMalicious;
  bool has_corrupt = false;
  std::uint32_t corrupt = 0;  // T; default 0 below five nodes, else n / 5
  ModelSpec model;
  std::string dataset;  // an id that each node's configuration maps to a path
  TextSpec text;
  AdapterSpec adapter;
  PersonalSpec personal;
  InnerSpec inner;
  OuterSpec outer;
  StreamingSpec streaming;
  UpdateSpec update;
  EvalSpec eval;
  SamplesSpec samples;
  RoundSpec round;
  GroupsSpec groups;
  std::string plan;  // the file's bytes, for other processes that parse it for themselves
};

}  // namespace accord
