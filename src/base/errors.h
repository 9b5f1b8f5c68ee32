// The one table of stable error ids. A failure that a person can meet is made by Fail(errors::kX, "what
// happened"); its page is docs/errors/<id>.md, generated from this table and held equal to it by a test.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "accord/status.h"

namespace accord {

struct ErrorInfo {
  std::string_view id;  // "upload.checksum"
  Code code;
  std::string_view meaning;  // one or two sentences for the error page
  std::string_view remedy;   // what to do; the default hint
};

namespace errors {
#define ACCORD_ERROR(name, id, code, meaning, remedy) \
  inline constexpr ErrorInfo name{id, code, meaning, remedy};
#include "base/errors.def"
#undef ACCORD_ERROR
}  // namespace errors

// All entries, in the order of the table.
[[nodiscard]] std::span<const ErrorInfo* const> AllErrors();
// The entry of a dotted id, or nullptr (an id of a newer peer).
[[nodiscard]] const ErrorInfo* FindError(std::string_view id);

// A Status of this entry. `message` says what happened in this case; the hint is the entry's remedy unless
// given.
[[nodiscard]] Status Fail(const ErrorInfo& error, std::string message, std::string hint = {});
// The Status of an id that came as a word (a machine's reason, a peer): meaning and remedy of its entry, or
// the bare word when there is none.
[[nodiscard]] Status StatusOf(std::string_view id);
// "message (id)  hint" on one line, for logs and terminals.
[[nodiscard]] std::string Describe(const Status& status);

}  // namespace accord
