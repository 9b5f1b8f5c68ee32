"""Fashion-MNIST (Debian package dataset-fashion-mnist) dealt to nations of which some have wrong labels."""

import gzip
import random
import struct
from pathlib import Path

CLASSES, PIXELS = 10, 28 * 28
PACKAGE = Path("/usr/share/datasets/fashion-mnist")


def _read(name: str, header: int) -> bytes:
    path = PACKAGE / name
    if not path.exists():
        raise SystemExit(f"{path} is missing; scripts/setup installs it (package dataset-fashion-mnist)")
    return gzip.decompress(path.read_bytes())[header:]


def _write(stem: Path, images: bytes, labels: bytes, chosen: list[int], given: list[int]) -> None:
    """Images `chosen` of `images`, with the labels `given` to them."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".images").write_bytes(struct.pack(">IIII", 0x803, len(chosen), 28, 28) +
                                            b"".join(images[i * PIXELS:(i + 1) * PIXELS] for i in chosen))
    stem.with_suffix(".labels").write_bytes(struct.pack(">II", 0x801, len(chosen)) + bytes(given))


def _config(out: Path, train: str, judge: bool) -> None:
    held = f'eval_path = "{out}/judge.images"\neval_labels = "{out}/judge.labels"\n' if judge else ""
    (out / f"{train}.toml").write_text(f'[data.fashion]\nformat = "idx"\npath = "{out}/{train}.images"\n'
                                       f'labels = "{out}/{train}.labels"\n{held}')


class Dealer:
    """Deals the training images without giving one twice."""

    def __init__(self, seed: int):
        self.random = random.Random(f"attribution/{seed}")
        self.images, self.labels = _read("train-images-idx3-ubyte.gz", 16), _read("train-labels-idx1-ubyte.gz", 8)
        order = list(range(len(self.labels)))
        self.random.shuffle(order)
        self.left = [[i for i in order if self.labels[i] == label] for label in range(CLASSES)]

    def deal(self, count: int, alpha: float) -> list[int]:
        """`count` images whose labels are spread by a draw of Dirichlet(alpha)."""
        shares = [self.random.gammavariate(alpha, 1.0) for _ in range(CLASSES)]
        drawn = self.random.choices(range(CLASSES), shares, k=count)
        return [self.left[label].pop() for label in drawn]

    def mislabel(self, label: int, share: float) -> int:
        if self.random.random() >= share:
            return label
        return self.random.choice([other for other in range(CLASSES) if other != label])


def prepare(out: Path, seed: int, setting: dict) -> dict:
    """Writes out/NATION.toml and its files, and out/judge.toml. Gives each nation's share of wrong labels."""
    dealer = Dealer(seed)
    noisy = dealer.random.sample(setting["nations"], len(setting["noise"]))
    wrong = dict(zip(noisy, setting["noise"]))
    for nation in setting["nations"]:
        chosen = dealer.deal(setting["images"], setting["alpha"])
        given = [dealer.mislabel(dealer.labels[i], wrong.get(nation, 0.0)) for i in chosen]
        _write(out / nation, dealer.images, dealer.labels, chosen, given)
        _config(out, nation, judge=False)
    images, labels = _read("t10k-images-idx3-ubyte.gz", 16), _read("t10k-labels-idx1-ubyte.gz", 8)
    chosen = dealer.random.sample(range(len(labels)), setting["judged"])
    _write(out / "judge", images, labels, chosen, [labels[i] for i in chosen])
    _config(out, "judge", judge=True)
    return wrong
