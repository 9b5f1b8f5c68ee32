#include "bundle/bom.h"

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/job_file.h"

namespace accord::bundle {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kModelRef = "model";

std::string RefOf(const Source& source) { return "dataset:" + source.ref.certificate.Hex(); }

ordered_json Hashes(const Digest& digest) {
  return ordered_json::array({{{"alg", "SHA-256"}, {"content", digest.Hex()}}});
}

std::string Number(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : "0";
}

ordered_json ModelParameters(const Lineage& lineage) {
  const std::string& kind = lineage.spec.model.kind;
  const bool language = kind == "llama", vocabulary = kind == "unigram";
  ordered_json datasets = ordered_json::array();
  for (const Source& one : lineage.sources) datasets.push_back({{"ref", RefOf(one)}});
  return {{"approach",
           {{"type", language     ? "self-supervised"
                     : vocabulary ? "unsupervised"
                                  : "supervised"}}},
          {"task", language     ? "text generation"
                   : vocabulary ? "tokenization"
                                : "classification"},
          {"architectureFamily", language        ? "transformer"
                                 : vocabulary    ? "unigram language model"
                                 : kind == "cnn" ? "convolutional neural network"
                                                 : "feedforward neural network"},
          {"modelArchitecture", kind},
          {"datasets", std::move(datasets)}};
}

ordered_json ModelCard(const Lineage& lineage, const std::vector<Figure>& figures) {
  ordered_json metrics = ordered_json::array();
  for (const Figure& one : figures)
    metrics.push_back(
        {{"type", one.name}, {"value", Number(one.value)}, {"slice", "hold-outs of all labs together"}});
  return {{"modelParameters", ModelParameters(lineage)},
          {"quantitativeAnalysis", {{"performanceMetrics", std::move(metrics)}}},
          {"considerations",
           {{"useCases", {lineage.spec.purpose}},
            {"technicalLimitations",
             {"The figures say how it does on data like the labs' own, and nothing of other uses.",
              "Without differential privacy there is no bound on what it remembers of its data."}}}}};
}

ordered_json Property(const char* name, const std::string& value) {
  return {{"name", name}, {"value", value}};
}

ordered_json ModelComponent(const Lineage& lineage, const Digest& model, const std::vector<Figure>& figures) {
  const charter::Admitted& admitted = lineage.admitted;
  return {
      {"type", "machine-learning-model"},
      {"bom-ref", kModelRef},
      {"name", lineage.spec.name},
      {"version", model.Hex().substr(0, 12)},
      {"manufacturer", {{"name", admitted.proposal.federation}}},
      {"hashes", Hashes(model)},
      {"licenses", ordered_json::array({{{"license", {{"id", admitted.proposal.license}}}}})},
      {"externalReferences", ordered_json::array({{{"type", "attestation"}, {"url", kProvenanceFile}},
                                                  {{"type", "log"}, {"url", admitted.checkpoint.origin}}})},
      {"modelCard", ModelCard(lineage, figures)},
      {"properties",
       ordered_json::array(
           {Property("accord:job", admitted.job.Hex()), Property("accord:plan", admitted.proposal.plan.Hex()),
            Property("accord:charter", admitted.chain.front().hash.Hex()),
            Property("accord:masks", std::string(config::SecureName(lineage.spec.secure)))})}};
}

ordered_json DataOf(const Source& source) {
  ordered_json data{{"type", "dataset"}};
  data["governance"] = {{"owners", ordered_json::array({{{"organization", {{"name", source.ref.member}}}}})}};
  if (!source.certificate) return data;
  data["name"] = source.certificate->dataset;
  data["classification"] = source.certificate->personal_data ? "personal data" : "no personal data";
  if (source.certificate->personal_data)
    data["sensitiveData"] = {"personal data; they stayed with their holder"};
  if (source.description) data["contents"] = {{"url", source.description->url}};
  return data;
}

// Its hash is that of the certificate: the bytes of the data stay where they are, and nobody else can hash
// them.
ordered_json DataComponent(const Source& source) {
  const std::string name =
      source.certificate ? source.ref.member + "/" + source.certificate->dataset : source.ref.member;
  ordered_json component{{"type", "data"}, {"bom-ref", RefOf(source)}, {"name", name}};
  if (source.certificate) component["version"] = source.certificate->version;
  component["hashes"] = Hashes(source.ref.certificate);
  component["data"] = ordered_json::array({DataOf(source)});
  component["properties"] = ordered_json::array(
      {Property("accord:hash-of", "payload of the data set's certificate"),
       Property("accord:certificate",
                source.certificate ? source.logged ? "in the log" : "given" : "not in this bundle")});
  return component;
}

// Whether the list has this one hash.
bool HasHash(const json& component, const Digest& digest) {
  if (!component.is_object() || !component.contains("hashes") || !component["hashes"].is_array())
    return false;
  const json& hashes = component["hashes"];
  return hashes.size() == 1 && hashes[0].is_object() && hashes[0].value("content", json()) == digest.Hex();
}

}  // namespace

std::string FormatBom(const Lineage& lineage, const Digest& model, const std::vector<Figure>& figures) {
  ordered_json components = ordered_json::array(), data = ordered_json::array();
  for (const Source& one : lineage.sources) {
    components.push_back(DataComponent(one));
    data.push_back(RefOf(one));
  }
  const ordered_json bom{
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"version", 1},
      {"metadata",
       {{"timestamp", FormatTime(TimePoint(std::chrono::seconds(lineage.time)))},
        {"component", ModelComponent(lineage, model, figures)}}},
      {"components", std::move(components)},
      {"dependencies", ordered_json::array({{{"ref", kModelRef}, {"dependsOn", std::move(data)}}})}};
  return bom.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Status CheckBom(ByteView text, const Lineage& lineage, const Digest& model) {
  const auto refuse = [](const std::string& why) { return Refuse(kBomFile, why); };
  const json bom = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!bom.is_object() || bom.value("bomFormat", json()) != "CycloneDX" ||
      bom.value("specVersion", json()) != "1.6")
    return refuse("it is no bill of materials of CycloneDX 1.6");
  const json metadata = bom.value("metadata", json::object());
  if (!metadata.is_object() || !HasHash(metadata.value("component", json()), model))
    return refuse("it is of another model");
  const json components = bom.value("components", json::array());
  if (!components.is_array() || components.size() != lineage.sources.size())
    return refuse("it has not the data sets that the proposal names");
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!HasHash(components[i], lineage.sources[i].ref.certificate))
      return refuse("it has not the data sets that the proposal names");
  }
  return {};
}

}  // namespace accord::bundle
