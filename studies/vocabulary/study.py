#!/usr/bin/env python3
"""How well a vocabulary that nations train together cuts each one's text, against others of the same size.

usage: studies/vocabulary/study.py --corpora DIR --apps DIR --out DIR [--near]

DIR of --corpora is that of scripts/corpora, --apps has accord-sim; programs spm_train and spm_encode (Debian's package
sentencepiece). Public text: LibreOffice's help, 200 kB of each language. Private: the Debian handbook and reference, at
most 600 kB of each nation. Held out: the installation guide, 150 kB of each. With --near the public text is what is nearer to
the text held out: public the installation guide, private LibreOffice's help, held out the handbook. Prints bytes per token,
by nation and vocabulary, as Markdown.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

NATIONS = ("de", "es", "ru", "el", "id", "ja")
FAR = ({"libreoffice-help"}, {"debian-handbook", "debian-reference"}, {"installation-guide"})
NEAR = ({"installation-guide"}, {"libreoffice-help"}, {"debian-handbook"})
SEED_PIECES, HALFWAY, PIECES, ROUNDS = 12_000, 7_000, 4_000, 3
TRAINER = ["--byte_fallback=true", "--split_digits=true", "--character_coverage=0.9995",
           "--normalization_rule_name=identity", "--add_dummy_prefix=false", "--remove_extra_whitespaces=false",
           "--num_threads=1", "--max_sentence_length=65536", "--minloglevel=2", "--model_type=unigram"]

JOB = """version = 1
name = "vocabulary"
purpose = "languages"
seed = 1
[model]
kind = "unigram"
vocab_size = {pieces}
[data]
dataset = "texts"
tokenizer = "sha256:{digest}"
[inner]
lr = 1.0
local_epochs = 1
batch = 1000000
[update]
bits = 32
clip = 0.25
weights = "equal"
max_examples = 100000
[eval]
metrics = ["bits_per_byte"]
[round]
count = {rounds}
min_nodes = 3
min_survivors = 3
max_wait = "1h"
"""


def text_of(corpora: Path, language: str, sources: set[str], limit: int) -> str:
    taken: list[str] = []
    size = 0
    for line in (corpora / f"{language}.jsonl").open(encoding="utf-8"):
        document = json.loads(line)
        if document["source"] in sources and size < limit:
            taken.append(document["text"])
            size += len(document["text"].encode()) + 1
    return "\n".join(taken) + "\n"


class Study:
    def __init__(self, options: argparse.Namespace) -> None:
        self.public, self.private, self.held_out = NEAR if options.near else FAR
        self.corpora, self.apps, self.out = options.corpora, options.apps.resolve(), options.out.resolve()
        self.out.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str) -> Path:
        path = self.out / name
        path.write_text(text, encoding="utf-8")
        return path

    def spm(self, name: str, text: str, pieces: int) -> Path:
        source = self.write(f"{name}.txt", text)
        subprocess.run(["spm_train", f"--input={source.name}", f"--model_prefix={name}", f"--vocab_size={pieces}",
                        *TRAINER], cwd=self.out, check=True)
        return self.out / f"{name}.model"

    def sim(self, *words: object) -> str:
        return subprocess.run([self.apps / "accord-sim", *map(str, words)], check=True, capture_output=True,
                              text=True).stdout

    def federated(self, name: str, seed: Path, size: int, pieces: int) -> Path:
        """What a job makes of a seed vocabulary of `size` pieces, pruned to `pieces`."""
        digest = hashlib.sha256(seed.read_bytes()).hexdigest()
        job = self.write("job.toml", JOB.format(pieces=size, digest=digest, rounds=ROUNDS))
        nodes: list[object] = []
        for nation in NATIONS:
            config = self.write(f"{nation}.toml", f"""[data.texts]
format = "text"
path = "{self.out}/{nation}-private.txt"
eval_path = "{self.out}/{nation}-held-out.txt"
tokenizer = "{seed}"
""")
            nodes += ["--node", f"{nation}={config}"]
        model, made = self.out / "model.safetensors", self.out / f"{name}.model"
        for old in (model, made):
            old.unlink(missing_ok=True)
        print(name, self.sim("run", "--job", job, *nodes, "--out", model))
        self.sim("export", model, "--job", job, "--format", "sentencepiece", "--tokenizer", seed, "--pieces", pieces,
                 "--out", made)
        return made

    def bytes_per_token(self, model: Path, nation: str) -> float:
        text = (self.out / f"{nation}-held-out.txt").read_text(encoding="utf-8")
        ids = subprocess.run(["spm_encode", f"--model={model}", "--output_format=id"], input=text, check=True,
                             capture_output=True, text=True).stdout.split()
        return (len(text.encode()) - text.count("\n")) / len(ids)

    def run(self) -> None:
        for nation in NATIONS:
            self.write(f"{nation}-private.txt", text_of(self.corpora, nation, self.private, 600_000))
            self.write(f"{nation}-held-out.txt", text_of(self.corpora, nation, self.held_out, 150_000))
        shared = "".join(text_of(self.corpora, nation, self.public, 200_000) for nation in NATIONS)
        pooled = "".join((self.out / f"{nation}-private.txt").read_text(encoding="utf-8") for nation in NATIONS)
        seed = self.spm("seed", shared, SEED_PIECES)
        models = {
            "English, public text": self.spm("english", text_of(self.corpora, "en", self.public, 1_200_000), PIECES),
            "all languages, public text": self.spm("public", shared, PIECES),
            "together": self.federated("together", seed, SEED_PIECES, PIECES),
            "together, in two jobs": self.federated("second", self.federated("first", seed, SEED_PIECES, HALFWAY),
                                                    HALFWAY, PIECES),
            "all texts in one place": self.spm("pooled", pooled, PIECES),
        }
        print("| nation | " + " | ".join(models) + " |\n|---|" + "---|" * len(models))
        for nation in NATIONS:
            print(f"| {nation} | " + " | ".join(f"{self.bytes_per_token(model, nation):.2f}"
                                                for model in models.values()) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("corpora", "apps", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--near", action="store_true")
    Study(parser.parse_args()).run()


if __name__ == "__main__":
    main()
