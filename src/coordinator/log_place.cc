#include "coordinator/log_place.h"

#include <system_error>

#include "base/file.h"
#include "crypto/ed25519.h"
#include "ledger/log_storage.h"
#include "ledger/log_writer.h"
#include "store/fd.h"

namespace accord::coordinator {

// The rename comes last: with a key and without log, log.new says that
// this was cut short and no log was lost.
Status MakeLog(const LogPlace& place, const std::string& origin) {
  std::error_code failed;
  std::filesystem::remove_all(place.fresh, failed);
  if (failed) return ErrnoStatus(failed.value(), "cannot remove", place.fresh);
  if (!std::filesystem::exists(place.key))
    ACCORD_RETURN_IF_ERROR(crypto::Ed25519Key::Generate().Save(place.key));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Ed25519Key key, crypto::Ed25519Key::Load(place.key));
  ledger::LogDirectory storage(place.fresh);
  const auto writer = ledger::LogWriter::Create(storage, origin, key);
  if (!writer.ok()) return writer.status();
  std::filesystem::rename(place.fresh, place.log, failed);
  if (failed) return ErrnoStatus(failed.value(), "cannot rename", place.fresh);
  return store::SyncDirectory(place.log.parent_path());
}

}  // namespace accord::coordinator
