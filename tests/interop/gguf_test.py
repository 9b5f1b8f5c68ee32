"""GGUF files as Accord writes them, in llama.cpp: their tokens are our bytes, and what they compute is what a forward
pass by the book computes from the Hugging Face directory of the same weights.

usage: gguf_test.py PROGRAM_THAT_WRITES_MODELS

Without node-llama-cpp (tests/interop/gguf/install), or without Node 20, all is skipped.
"""

import math
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from gguf import llama_cpp
from gguf.forward import Llama

PROGRAM = Path(sys.argv[1]).resolve()

BOS = 256
TEXTS = [
    "a",
    " leading, trailing and  double  spaces ",
    "lines\nand\ttabs\r\n",
    "<s> </s> <0x41> <unk>",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
    "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis",
    "Съешь же ещё этих мягких французских булок",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "いろはにほへと ちりぬるを",
    "我能吞下玻璃而不伤身体。",
    "나는 유리를 먹을 수 있어요",
    "ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ",
    "أنا قادر على أكل الزجاج",
    "emoji 👩‍👩‍👧 and a combining é",
]
PROMPT = [BOS, *"Federation is".encode()]


def tool(command: str, text: str = "") -> str:
    """What a program of SentencePiece prints."""
    return subprocess.run(command.split(), input=text, capture_output=True, text=True, check=True).stdout


class GgufTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="accord-gguf-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.path = Path(cls.directory.name)
        subprocess.run([PROGRAM, cls.path], check=True)

    def check(self, model: str, expected: dict) -> None:
        llama_cpp.check(self.path / model, expected)

    def test_text_becomes_its_bytes_and_back(self):
        self.check("tied-f32.gguf", {"texts": {text: list(text.encode()) for text in TEXTS}})

    @unittest.skipUnless(shutil.which("spm_train"), "no spm_train: Debian's package sentencepiece")
    def test_text_becomes_the_pieces_of_sentencepiece(self):
        corpus = self.path / "corpus.txt"
        corpus.write_text("\n".join(TEXTS[4:9]) + "\n")
        for kind in ("bpe", "unigram"):
            prefix = self.path / kind
            tool(f"spm_train --input={corpus} --model_prefix={prefix} --model_type={kind} --vocab_size=400"
                 " --byte_fallback=true --hard_vocab_limit=false --normalization_rule_name=identity"
                 " --remove_extra_whitespaces=false --split_digits=true --character_coverage=1.0")
            tool(f"spm_export_vocab --model={prefix}.model --output={prefix}.tsv")
            notes = subprocess.run([PROGRAM, f"{prefix}.gguf", kind, f"{prefix}.tsv"], check=True, capture_output=True,
                                   text=True).stdout
            # llama.cpp has no bytes to fall back to in a unigram model: only texts whose characters all have pieces
            self.assertEqual("characters that are no piece become <unk>" in notes, kind == "unigram", notes)
            texts = [text for text in TEXTS if "<" not in text and "\n" not in text] if kind == "bpe" else TEXTS[4:9]
            encoded = tool(f"spm_encode --model={prefix}.model --output_format=id", "\n".join(texts) + "\n")
            tokens = [[int(token) for token in line.split()] for line in encoded.splitlines()]
            self.check(f"{kind}.gguf", {"texts": dict(zip(texts, tokens))})

    def test_it_computes_what_the_checkpoint_means(self):
        for name in ("tied", "untied"):
            model = Llama(self.path / name)
            for token in PROMPT:
                logits = model.next(token)
            after_prompt, greedy = logits, []
            for _ in range(32):
                greedy.append(max(range(len(logits)), key=logits.__getitem__))
                logits = model.next(greedy[-1])
            spread = max(after_prompt) - min(after_prompt)
            self.assertGreater(spread, 1)  # else nothing is compared
            for kind, tolerance in (("f32", 2e-5), ("f16", 2e-3), ("q8_0", 3e-2)):
                expected = {"prompt": PROMPT, "logits": {"values": after_prompt, "tolerance": tolerance * spread}}
                if kind == "f32":
                    expected["greedy"] = greedy
                self.check(f"{name}-{kind}.gguf", expected)

    def test_an_adapter_beside_a_model_is_both_together(self):
        merged, base = Llama(self.path / "tied-merged"), Llama(self.path / "tied")
        for token in PROMPT:
            logits, without = merged.next(token), base.next(token)
        after_prompt, greedy = logits, []
        for _ in range(8):
            greedy.append(max(range(len(logits)), key=logits.__getitem__))
            logits = merged.next(greedy[-1])
        tolerance = 2e-5 * (max(after_prompt) - min(after_prompt))
        self.assertGreater(max(abs(a - b) for a, b in zip(after_prompt, without)), 1000 * tolerance)
        self.check("tied-f32.gguf", {"adapter": str(self.path / "tied-lora.gguf"), "prompt": PROMPT, "greedy": greedy,
                                     "logits": {"values": after_prompt, "tolerance": tolerance}})

    def test_its_perplexity_is_that_of_the_checkpoint(self):
        tokens = [BOS, *TEXTS[4].encode()]
        model = Llama(self.path / "untied")
        sum_of_nats = 0.0
        for token, following in zip(tokens, tokens[1:]):
            logits = model.next(token)
            largest = max(logits)
            sum_of_nats += math.log(sum(math.exp(v - largest) for v in logits)) + largest - logits[following]
        expected = {"windows": [{"tokens": tokens}], "nats": sum_of_nats / (len(tokens) - 1), "tolerance": 1e-4}
        self.check("untied-f32.gguf", {"perplexity": expected})


if __name__ == "__main__":
    if reason := llama_cpp.why_skipped():
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
