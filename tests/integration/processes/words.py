"""What tests of small language models by real programs share: the model, and nations with texts of their own."""

import json

from federation import Federation

NODES = ["ada", "bo", "cy"]
# The beginning of a job file; `name` is to be filled in.
MODEL = """version = 1
name = "{name}"
purpose = "test"
seed = 5
corrupt = 0
[model]
kind = "llama"
hidden_size = 16
intermediate_size = 32
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 32
[data]
dataset = "words"
"""
# DiLoCo after synchronous rounds, in updates of four bits.
DILOCO = MODEL + """[inner]
optimizer = "adamw"
lr = 0.02
local_steps = {steps}
batch = 4
clip_norm = 1.0
keep_state = true
[inner.schedule]
unit = "step"
warmup_steps = 4
[outer]
rule = "diloco"
lr = 0.7
{more}
[update]
bits = 4
clip = 0.2
clip_rms = 3.0
transform = "hadamard"
max_examples = 100000
weights = "equal"
[eval]
metrics = ["bits_per_byte"]
[round]
count = {rounds}
synchronous = {synchronous}
min_nodes = 3
min_survivors = 3
max_wait = "5m"
"""


class Nations(Federation):
    def data_section(self, name: str) -> str:
        return f'[data.words]\nformat = "jsonl"\npath = "{self.dir}/{name}.jsonl"\nholdout_sources = ["test"]\n'

    def write_data(self, name: str) -> None:
        with open(self.dir / f"{name}.jsonl", "w") as out:
            for i in range(200):
                text = " ".join(f"{name} {word}" for word in ("läuft", "sieht", "singt")[i % 3:]) + f" {i % 7}.\n"
                out.write(json.dumps({"text": text * 3 + str(i), "source": "test" if i % 10 == 0 else "train"}) + "\n")
