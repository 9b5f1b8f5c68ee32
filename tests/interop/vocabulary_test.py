"""A vocabulary that nations trained together, in SentencePiece's own programs: from their seed to their pieces.

usage: vocabulary_test.py ACCORD_SIM

Without spm_train and its companions (Debian's package sentencepiece) all is skipped.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv[1]).resolve()
TOOLS = ("spm_train", "spm_encode", "spm_decode", "spm_export_vocab")

TEXTS = {
    "de": ["Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch;",
           "die Vögelein schweigen im Walde. Warte nur, balde ruhest du auch.",
           "Wer reitet so spät durch Nacht und Wind? Es ist der Vater mit seinem Kind;",
           "er hat den Knaben wohl in dem Arm, er faßt ihn sicher, er hält ihn warm."],
    "es": ["En el café de Chinitas dijo Paquiro a su hermano: soy más valiente que tú,",
           "más torero y más gitano. Sacó Paquiro el reló y dijo de esta manera:",
           "este toro ha de morir antes de las cuatro y media."],
    "ru": ["Мороз и солнце; день чудесный! Еще ты дремлешь, друг прелестный —",
           "пора, красавица, проснись: открой сомкнуты негой взоры."],
}
OTHERS = ["Der Wind, das Kind, der Torero", "más café en el día", "день и мороз", "日本語 <s> \U0001f986", "a  b "]

JOB = """version = 1
name = "vocabulary"
purpose = "languages"
secure = "off"
model = {{ kind = "unigram", vocab_size = {size} }}
data = {{ dataset = "texts", tokenizer = "sha256:{digest}", context = 64 }}
inner = {{ lr = 1.0, local_epochs = 1, batch = 1000 }}
update = {{ bits = 32, clip = 0.25, weights = "exact", max_examples = 100 }}
eval = {{ metrics = ["bits_per_byte"] }}
round = {{ count = 4, min_nodes = 3, min_survivors = 3, max_wait = "1m" }}
"""


def tool(*words: object, text: str = "") -> str:
    run = subprocess.run(list(map(str, words)), input=text, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


class VocabularyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-vocabulary-")
        cls.addClassCleanup(directory.cleanup)
        cls.path = Path(directory.name)
        lines = [line for texts in TEXTS.values() for line in texts]
        (cls.path / "public.txt").write_text("\n".join(lines * 3) + "\n")
        tool("spm_train", f"--input={cls.path}/public.txt", f"--model_prefix={cls.path}/seed", "--model_type=unigram",
             "--vocab_size=600", "--hard_vocab_limit=false", "--byte_fallback=true", "--character_coverage=1.0",
             "--normalization_rule_name=identity", "--minloglevel=2")
        cls.seed = cls.path / "seed.model"
        cls.size = len(cls.pieces(cls.seed))
        cls.job = cls.path / "job.toml"
        cls.job.write_text(JOB.format(size=cls.size, digest=hashlib.sha256(cls.seed.read_bytes()).hexdigest()))
        (cls.path / "others.txt").write_text("\f".join(OTHERS))
        nodes: list[str] = []
        for nation, texts in TEXTS.items():
            (cls.path / f"{nation}.txt").write_text("\f".join(texts))
            config = cls.path / f"{nation}.toml"
            config.write_text(f'[data.texts]\nformat = "text"\npath = "{cls.path}/{nation}.txt"\n'
                              f'eval_path = "{cls.path}/others.txt"\ntokenizer = "{cls.seed}"\n')
            nodes += ["--node", f"{nation}={config}"]
        cls.model = cls.path / "model.safetensors"
        tool(PROGRAM, "run", "--job", cls.job, *nodes, "--out", cls.model)

    @staticmethod
    def pieces(model: Path) -> list[tuple[str, float]]:
        rows = tool("spm_export_vocab", f"--model={model}", "--output=/dev/stdout").splitlines()
        return [(piece, float(score)) for piece, score in (row.split("\t") for row in rows)]

    def export(self, out: Path, *words: object) -> dict:
        run = subprocess.run([PROGRAM, "export", self.model, "--job", self.job, "--format", "sentencepiece", "--json",
                              "--out", out, *map(str, words)], capture_output=True, text=True)
        return json.loads(run.stdout)

    def test_its_pieces_are_sentencepieces(self) -> None:
        made = self.path / "made.model"
        answer = self.export(made, "--tokenizer", self.seed, "--pieces", self.size - 30)
        self.assertTrue(answer["ok"], answer)
        pieces, seed = self.pieces(made), self.pieces(self.seed)
        self.assertEqual(len(pieces), self.size - 30)
        self.assertLessEqual({piece for piece, _ in pieces}, {piece for piece, _ in seed})
        self.assertEqual(pieces[:3 + 256], seed[:3 + 256])  # <unk>, <s>, </s> and bytes
        scores = [score for _, score in pieces[3 + 256:]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertNotEqual(dict(pieces), {piece: score for piece, score in seed if piece in dict(pieces)})
        lines = [line for texts in TEXTS.values() for line in texts] + OTHERS[:-1]  # the last has two spaces
        ids = tool("spm_encode", f"--model={made}", "--output_format=id", text="\n".join(lines) + "\n").splitlines()
        self.assertEqual(tool("spm_decode", f"--model={made}", "--input_format=id",
                              text="\n".join(ids) + "\n").splitlines(), lines)

    def test_all_pieces_make_a_seed_again(self) -> None:
        made = self.path / "all.model"
        self.assertTrue(self.export(made, "--tokenizer", self.seed)["ok"])
        self.assertEqual(len(self.pieces(made)), self.size)

    def test_what_cannot_be_is_named_and_leaves_nothing(self) -> None:
        for words, error in ((("--pieces", 3), "data.tokenizer"), (("--pieces", self.size + 1), "data.tokenizer"),
                             (("--pieces", -4), "cli.usage"), (("--pieces", "many"), "cli.usage"),
                             (("--pieces", 2**70), "cli.usage"), (("--pieces", 0), "cli.usage"),
                             (("--type", "f16"), "model.unknown")):
            out = self.path / "nothing.model"
            answer = self.export(out, "--tokenizer", self.seed, *words)
            self.assertEqual(answer.get("error", {}).get("code"), error, words)
            self.assertFalse(out.exists())
        self.assertEqual(self.export(self.path / "n")["error"]["code"], "data.tokenizer")
        self.assertEqual(self.export(self.path / "n", "--tokenizer", self.job)["error"]["code"], "data.tokenizer")
        self.assertEqual(self.export(self.seed, "--tokenizer", self.seed)["error"]["code"], "cli.exists")
        run = subprocess.run([PROGRAM, "export", self.model, "--job", self.job, "--out", self.path / "m.gguf"],
                             capture_output=True, text=True)
        self.assertIn("sentencepiece", run.stderr)


if __name__ == "__main__":
    if missing := [name for name in TOOLS if shutil.which(name) is None]:
        print("skipped: no", " ".join(missing), "- Debian's package sentencepiece")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
