// What an operator does to a coordinator's state beside serving it: accordd fsck, backup, restore and
// import-model.
#pragma once

#include <filesystem>

namespace accord::apps {

// Print what they found to stdout, one JSON object when `json`; give the exit code: kFailed when there is
// serious damage.
[[nodiscard]] int CheckStateOf(const std::filesystem::path& state, bool json);
[[nodiscard]] int BackUpStateOf(const std::filesystem::path& state, const std::filesystem::path& target,
                                bool json);
// `replace`: a state that is there is set aside. `log`: a newer copy of the log; empty: none.
[[nodiscard]] int RestoreStateOf(const std::filesystem::path& state, const std::filesystem::path& backup,
                                 const std::filesystem::path& log, bool replace, bool json);

// Keeps weights for jobs to begin from, and prints what their job files say of them.
[[nodiscard]] int ImportModelInto(const std::filesystem::path& state, const std::filesystem::path& path,
                                  bool json);

}  // namespace accord::apps
