#include "apps/answer.h"

#include <nlohmann/json.hpp>

namespace accord::apps {
namespace {

std::string Line(const nlohmann::ordered_json& line) {
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string Answer(const nlohmann::ordered_json& data, bool last) {
  return Line({{"ok", true}, {"data", data}, {"end", last}});
}

std::string Refusal(const Status& status, const nlohmann::ordered_json& asked, bool last) {
  nlohmann::ordered_json line{
      {"ok", false},
      {"error", {{"code", status.error()}, {"message", status.message()}, {"hint", status.hint()}}}};
  if (!asked.is_null()) line["data"] = asked;
  line["end"] = last;
  return Line(line);
}

}  // namespace accord::apps
