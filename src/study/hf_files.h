// What stands beside the weights and config.json of an exported Hugging Face directory, so that who finds the
// directory knows what it is and how to read texts with it. Called by trained.cc; any thread.
#pragma once

#include <vector>

#include "accord/status.h"
#include "model/hf_export.h"
#include "model/vocabulary.h"
#include "study/trained.h"

namespace accord::study {

// README.md, in the form of a model card, and the SentencePiece model as `tokenizer.model` where the job
// names one (Trained::tokenizer). `vocabulary` is that of the job. Fails as data::ReadTokenizerFile.
[[nodiscard]] Result<std::vector<model::HfFile>> HfFiles(const Trained& trained, const Export& wish,
                                                         const model::Vocabulary& vocabulary);

}  // namespace accord::study
