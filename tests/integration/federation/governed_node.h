// What a lab of a charter's federation has on its disk: data that its member vouches for, and a policy.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/file.h"
#include "dataset/certificate.h"
#include "dataset/manifest.h"
#include "dataset/verify.h"
#include "tests/unit/charter/fixture.h"

namespace accord::testing {

inline charter::UnixSeconds Now() {
  return static_cast<charter::UnixSeconds>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

inline Bytes Entry(const ledger::Envelope& envelope) {
  const std::string text = ledger::EncodeEnvelope(envelope);
  return {text.begin(), text.end()};
}

// The member vouches for `data` as they are, in the directory `certificate`; the hash of the certificate.
inline Digest CertifyData(const std::filesystem::path& data, const std::filesystem::path& certificate,
                          const std::string& member, const std::string& version) {
  std::filesystem::create_directories(certificate);
  const auto made =
      dataset::WriteManifest(data, certificate / dataset::kManifestFile, [] { return dataset::Salt{}; }, {});
  if (!made.ok()) {
    ADD_FAILURE() << made.status().message();
    return {};
  }
  const dataset::Certificate one{.member = member,
                                 .dataset = "toy",
                                 .version = version,
                                 .root = made->root,
                                 .files = made->files,
                                 .bytes = made->bytes,
                                 .records = 1,
                                 .modalities = {"table"},
                                 .jurisdiction = "Kenya",
                                 .legal_basis = "a law",
                                 .purposes = {"demo"},
                                 .not_before = Now() - 60,
                                 .not_after = Now() + charter::kDay};
  const ledger::Envelope envelope = charter::Signed(dataset::kCertificateType, Encode(one), {member});
  EXPECT_TRUE(
      WriteFileAtomic(certificate / dataset::kCertificateFile, Entry(envelope), FileMode::kShared).ok());
  return envelope.Id();
}

// A running node reads it with its next job. `more`: further lines of its one rule.
inline void WriteLabPolicy(const std::filesystem::path& file, const Digest& genesis,
                           const Digest& certificate, const std::string& more = "") {
  std::ofstream(file) << "version = 1\ndefault = \"deny\"\nfederation = \"" << genesis.Hex()
                      << "\"\n[limits]\nmax_epsilon_total = 1.0\nmax_concurrent_jobs = 1\n[[allow]]\n"
                         "id = \"all\"\nsubmitters = [\"member:ke\"]\nmodel_kinds = [\"mlp\"]\n"
                         "datasets = [\"sha256:"
                      << certificate.Hex()
                      << "\"]\npurposes = [\"demo\"]\nmin_cohort = 1\nmin_group = 1\nmin_secure = \"off\"\n"
                         "max_epsilon = 1.0\nmax_delta = 1e-6\nallow_without_dp = true\nmax_rounds = 50\n"
                         "max_local_epochs = 3\nmax_local_steps = 10\ncode = [\"builtin\"]\n"
                         "max_wall_s = 3600\nmax_mem_mb = 4096\ngpu = false\nrequire_own_vote = true\n"
                         "valid_until = 2199-01-01\n"
                      << more;
}

}  // namespace accord::testing
