"""Texts of the studies: train, dev and test of each nation, from the files of scripts/corpora.

test is a source of its own (debian-handbook), which nothing is tuned on; dev are documents of the other sources, drawn by
their hash; train is the rest. Sizes are bytes of text.
"""

import hashlib
import json
from pathlib import Path

TEST_SOURCE = "debian-handbook"
DEV_BYTES = 100_000
TEST_BYTES = 200_000


def _documents(path: Path) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    return sorted(documents, key=lambda one: hashlib.sha256(one["text"].encode()).digest())


def _size(document: dict) -> int:
    return len(document["text"].encode())


def _take(documents: list[dict], size: int) -> tuple[list[dict], list[dict]]:
    """The first documents of `size` bytes in all, the last of them cut at a line's end, and those behind."""
    taken, total = [], 0
    for i, document in enumerate(documents):
        room = size - total
        if _size(document) > room:
            lines = document["text"].encode()[:room].rpartition(b"\n")[0].decode(errors="ignore")
            return (taken + [{**document, "text": lines}] if lines else taken), documents[i + 1:]
        taken.append(document)
        total += _size(document)
    return taken, []


def _write(path: Path, documents: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents), encoding="utf-8")
    return path


class Splits:
    """train(L), dev(L), test(L): files of language L, made when they are asked for first."""

    def __init__(self, corpora: Path, out: Path, dev_bytes: int = DEV_BYTES, test_bytes: int = TEST_BYTES):
        self._corpora, self._out, self._parts = corpora, out, {}
        self._dev_bytes, self._test_bytes = dev_bytes, test_bytes

    def _of(self, language: str) -> dict[str, list[dict]]:
        if language not in self._parts:
            documents = _documents(self._corpora / f"{language}.jsonl")
            test = [one for one in documents if one["source"] == TEST_SOURCE]
            dev, train = _take([one for one in documents if one["source"] != TEST_SOURCE], self._dev_bytes)
            self._parts[language] = {"train": train, "dev": dev, "test": _take(test, self._test_bytes)[0]}
        return self._parts[language]

    def train(self, language: str, size: int | None = None) -> Path:
        documents = self._of(language)["train"]
        if size is not None:
            documents = _take(documents, size)[0]
        return _write(self._out / f"{language}.train{f'-{size}' if size else ''}.jsonl", documents)

    def dev(self, language: str) -> Path:
        return _write(self._out / f"{language}.dev.jsonl", self._of(language)["dev"])

    def test(self, language: str) -> Path:
        return _write(self._out / f"{language}.test.jsonl", self._of(language)["test"])

    def pool(self, languages: list[str], part: str) -> list[dict]:
        documents = [one for language in languages for one in self._of(language)[part]]
        return sorted(documents, key=lambda one: hashlib.sha256(one["text"].encode()).digest())

    def pooled(self, languages: list[str], part: str) -> Path:
        return _write(self._out / f"pool.{part}.jsonl", self.pool(languages, part))

    def shards(self, languages: list[str], count: int) -> list[Path]:
        """The pooled training text dealt out in turns: shards that are alike."""
        documents = self.pool(languages, "train")
        return [_write(self._out / f"shard{i}of{count}.jsonl", documents[i::count]) for i in range(count)]
