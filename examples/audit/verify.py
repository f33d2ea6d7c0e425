#!/usr/bin/env python3
"""Checks an export of the record without the program that made it, and without anything but Python 3.9 or later.

    verify.py EXPORT [--key LINE] [--checkpoints FILE_OR_FOLDER]

EXPORT is what `escalation-tracker audit export --to EXPORT` wrote. LINE is what `escalation-tracker audit key` printed once,
written down elsewhere; without it the key is taken from the export itself, which proves less. Checkpoints are those that were
kept outside.

Ends with 0 when everything holds; 2: an entry is missing; 3: something was changed; 4: history was written anew; 5: the end is
missing; 1: it could not be checked. What it cannot see is whether tables are what the record says: `audit verify` does.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import sys

# Ed25519 as RFC 8032 writes it down (section 6), for verifying only: slow, short, and easy to read.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    product = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point, scalar = add(point, point), scalar >> 1
    return product


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_holds(public, message, signature):
    key, point = decompress(public), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or point is None or scalar >= L:
        return False
    told = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    one, other = times(scalar, BASE), add(point, times(told, key))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


class Stop(Exception):
    """What does not hold, with the exit status that stands for it."""

    def __init__(self, code, words):
        super().__init__(words)
        self.code = code


def read_key(line):
    """The name and the public key of a C2SP `vkey`."""
    name, number, data = line.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    if data[:1] != b"\x01" or len(data) != 33 or key_id(name, data[1:]).hex() != number:
        raise Stop(1, "this is no key: " + line)
    return name, data[1:]


def key_id(name, public):
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def open_checkpoint(note, key):
    """What a signed note says of each chain: position and link, and when."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, public = key
    for line in signatures.splitlines():
        dash, who, signature = line.split(" ")
        data = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and who == name and data[:4] == key_id(name, public):
            if not signature_holds(public, text.encode(), data[4:]):
                raise Stop(4, "a checkpoint was changed after it was signed")
            origin, position, link, reads, at = text.splitlines()
            _, reads_position, reads_link = reads.split(" ")
            if origin != name:
                raise Stop(4, "a checkpoint is of another partnership")
            return {
                "events": (int(position), base64.b64decode(link)),
                "reads": (int(reads_position), base64.b64decode(reads_link)),
            }, at
    raise Stop(4, "a checkpoint is not signed with this key")


def outside(path):
    path = pathlib.Path(path)
    files = sorted(path.glob("*.checkpoint")) if path.is_dir() else [path]
    for file in files:
        note = ""
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            note += line
            if line.startswith("\u2014 "):
                yield note.lstrip("\n")
                note = ""


def verify(lines, key_line, kept):
    first = json.loads(next(lines))
    if first.get("form") != "escalation-tracker audit v1":
        raise Stop(1, "this is no export of the record")
    key = read_key(key_line or first["key"])
    links = {"events": [bytes(32)], "reads": [bytes(32)]}
    notes = list(kept)
    for line in lines:
        it = json.loads(line)
        if "checkpoint" in it:
            notes.append(it["checkpoint"])
            continue
        chain = links[it["chain"]]
        where = f"{it['chain']}: entry {len(chain)} "
        if it["position"] != len(chain):
            raise Stop(2, where + "is missing")
        if it["said"] is None:
            raise Stop(3, where + "is about something that is gone or cannot be read")
        leaf = hashlib.sha256((it["form"] + it["said"]).encode()).digest()
        if leaf.hex() != it["leaf"]:
            raise Stop(3, where + "is about something that was changed after it was written")
        link = hashlib.sha256(chain[-1] + leaf).digest()
        if link.hex() != it["link"]:
            raise Stop(3, where + "is not linked to the one before it")
        chain.append(link)
    for note in notes:
        heads, at = open_checkpoint(note, key)
        for chain, (position, link) in heads.items():
            if position >= len(links[chain]):
                raise Stop(5, f"{chain}: entries {len(links[chain])} to {position} are missing, of which the checkpoint of {at} tells")
            if links[chain][position] != link:
                raise Stop(4, f"{chain}: entry {position} or one before it was written anew: the checkpoint of {at} tells of another")
    return {chain: len(of) - 1 for chain, of in links.items()}, len(notes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--key")
    parser.add_argument("--checkpoints")
    asked = parser.parse_args()
    if not asked.key:
        print("no --key: it is taken from the export, and so proves less", file=sys.stderr)
    try:
        with open(asked.export, encoding="utf-8", newline="\n") as lines:
            kept = outside(asked.checkpoints) if asked.checkpoints else []
            counts, notes = verify(lines, asked.key, kept)
    except Stop as stop:
        print(f"DOES NOT HOLD ({stop.code}) {stop}" if stop.code > 1 else stop)
        return stop.code
    except (OSError, ValueError, KeyError, StopIteration) as error:
        print(f"it could not be checked: {error!r}", file=sys.stderr)
        return 1
    print(f"{counts['events']} events and {counts['reads']} reads hold, and {notes} checkpoints agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
