"""Checks a safetensors file that Accord wrote against the formats alone, with nothing of Accord's.

usage: check_model.py FILE SEED SHA256 BOUNDS...    BOUNDS: name=bound, one for each tensor in the file

Parses the file by the safetensors specification, draws the initial weights anew by the text of src/model/init.h, and
compares every bit and the digest. Prints what differs and exits 1, or exits 0.
"""

import hashlib
import json
import struct
import sys

MASK = 0xFFFFFFFF


def philox(key: list[int], counter: list[int]) -> list[int]:
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & MASK, (a >> 32) ^ counter[3] ^ key[1], a & MASK]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


def words(value: int) -> list[int]:
    return [value & MASK, value >> 32]


def initial(seed: int, name: str, size: int, bound: float) -> bytes:
    digest = 0xCBF29CE484222325
    for byte in name.encode():
        digest = ((digest ^ byte) * 0x100000001B3) & (2**64 - 1)
    values = []
    for i in range(size):
        u = philox(words(seed), words(i // 4) + words(digest))[i % 4]
        values.append(bound * ((2 * u + 1 - 2**32) * 2.0**-32))
    return struct.pack(f"<{size}f", *values)


def main() -> None:
    path, seed, sha256, *bounds = sys.argv[1:]
    with open(path, "rb") as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit("the SHA-256 of the file is not its model hash")
    (length,) = struct.unpack_from("<Q", content)
    if length % 8 or content[8:9] != b"{":
        sys.exit("the header is not padded to 8, or does not begin with a brace")
    header = json.loads(content[8 : 8 + length].decode("utf-8"))
    data = content[8 + length :]
    if header.pop("__metadata__") != {"format": "pt"}:
        sys.exit("no metadata")
    if list(header) != sorted(header) or set(header) != {bound.split("=")[0] for bound in bounds}:
        sys.exit(f"the names are {list(header)}")
    end = 0
    for bound in bounds:
        name, value = bound.split("=")
        entry = header[name]
        size = 1
        for n in entry["shape"]:
            size *= n
        begin, end_of_tensor = entry["data_offsets"]
        if entry["dtype"] != "F32" or begin != end or end_of_tensor != begin + 4 * size:
            sys.exit(f"{name}: {entry}")
        end = end_of_tensor
        if data[begin:end] != initial(int(seed), name, size, float.fromhex(value)):
            sys.exit(f"{name}: the initial weights differ")
    if end != len(data):
        sys.exit("bytes follow the last tensor")


if __name__ == "__main__":
    main()
