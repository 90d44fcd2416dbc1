"""Who sent a piece, without knowing it: keyed pseudonyms, and sealed numbers that two officers open together.

A document's number becomes HMAC-SHA256 under the key of its period; the keys rotate by month and lie outside the
ledger. The number itself is sealed for a key whose secret half exists only as two shares:
either share alone is random bytes.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.lib as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from postroad.errors import DataError, UsageError
from postroad.supervise.sha256 import macs

if TYPE_CHECKING:
    from numpy.typing import NDArray

PSEUDONYM_BYTES = 16
KEY_BYTES = 32
RING = "keyring.json"
_RAW = serialization.Encoding.Raw
_MOD_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
_MOD_MARKS = np.frombuffer(b"10X98765432", np.uint8)


@dataclass
class KeyRing:
    """The keys of intake: one secret for each month, and the public half of the seal; kept in a file of mode 0600.

    ``forgotten`` are digests of keys dropped for good: a process that still has one in mind cannot write it back.
    ``officers`` binds each share to its officer's name, so that nobody can open under another name.
    """

    path: Path
    periods: dict[str, bytes]
    seal: bytes = b""
    forgotten: set[str] = field(default_factory=set)
    officers: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> KeyRing:
        """Return the key ring of a folder, made when there is none."""
        path = Path(folder) / RING
        if not path.is_file():
            ring = cls(path, {})
            ring.save()
            return ring
        try:
            told = json.loads(path.read_text("utf-8"))
            periods = {name: base64.b64decode(text, validate=True) for name, text in told["periods"].items()}
            officers = {str(name): str(mark) for name, mark in told.get("officers", {}).items()}
            seal = base64.b64decode(told["seal"], validate=True)
            return cls(path, periods, seal, set(told.get("forgotten", [])), officers)
        except (ValueError, KeyError, AttributeError, TypeError) as wrong:
            raise DataError.of("ledger.keyring_broken", path=str(path)) from wrong

    def save(self) -> None:
        """Write the ring whole or not at all."""
        if self.path.is_file():
            self.forgotten |= KeyRing.open(self.path.parent).forgotten
        self.periods = {n: k for n, k in self.periods.items() if _digest(k) not in self.forgotten}
        told = {"periods": {n: base64.b64encode(k).decode() for n, k in self.periods.items()},
                "seal": base64.b64encode(self.seal).decode(), "forgotten": sorted(self.forgotten),
                "officers": self.officers}  # fmt: skip
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_private(self.path, json.dumps(told, indent=1, sort_keys=True))

    def key(self, period: str) -> bytes:
        """Return the key of a month, such as 2026-11; a new month gets a new one at once."""
        with self._lock:
            if period not in self.periods:
                self.periods[period] = secrets.token_bytes(KEY_BYTES)
                self.save()
            return self.periods[period]

    def forget(self, period: str) -> bool:
        """Drop a month's key: its pseudonyms can never again be linked to a number, nor what is sealed be opened.

        Return whether there was one.
        """
        with self._lock:
            key = self.periods.pop(period, None)
            if key is not None:
                self.forgotten.add(_digest(key))
                self.save()
        return key is not None


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def pseudonyms(key: bytes, numbers: pl.Series) -> pl.Series:
    """Return the pseudonym, 16 bytes, of every number; empty where there is none."""
    made = np.ascontiguousarray(macs(key, numbers)[:, :PSEUDONYM_BYTES])
    held = pa.FixedSizeBinaryArray.from_buffers(pa.binary(PSEUDONYM_BYTES), len(made), [None, pa.py_buffer(made)])
    column: Any = pl.from_arrow(held.cast(pa.large_binary()))
    return pl.select(pl.when(numbers.is_not_null()).then(column).alias("sender")).to_series()


def number_fits(kinds: pl.Series, numbers: pl.Series) -> pl.Series:
    """Whether each number has the form of its kind of document; a resident's must have its check character right.

    The check character is ISO 7064 MOD 11-2, as in GB 11643.
    """
    form = pl.select(
        pl.when(kinds == "resident_id").then(numbers.str.contains(r"^[0-9]{17}[0-9X]$"))
        .when(kinds == "credit_code").then(numbers.str.contains(r"^[0-9A-Z]{18}$"))
        .when(kinds == "passport").then(numbers.str.contains(r"^[0-9A-Z]{5,17}$"))
        .otherwise(pl.lit(True))
    ).to_series().fill_null(False)  # fmt: skip
    asked = form & (kinds == "resident_id")
    rows = asked.arg_true()
    if not len(rows):
        return form
    signs = np.frombuffer("".join(numbers.gather(rows).to_list()).encode(), np.uint8).reshape(-1, 18)
    return form.scatter(rows.filter(pl.Series(_mark(signs) != signs[:, 17])), False)


def _mark(signs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(_MOD_MARKS[(signs[:, :17].astype(np.int64) - ord("0")) @ _MOD_WEIGHTS % 11])


def resident_marks(first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the check character, as a byte, for rows of 17 digits given as bytes."""
    return _mark(first)


@dataclass(frozen=True)
class Share:
    """One officer's half of the opening key."""

    officer: str
    half: bytes

    @property
    def mark(self) -> str:
        """What binds the half to its officer: a digest that tells neither."""
        return _digest(b"postroad share\0" + self.officer.encode() + b"\0" + self.half)

    def save(self, path: Path) -> Path:
        """Write the share for its officer alone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {"officer": self.officer, "half": base64.b64encode(self.half).decode()}
        write_private(path, json.dumps(told))
        return path

    @classmethod
    def load(cls, path: Path) -> Share:
        """Return a share from its file."""
        if not path.is_file():
            raise UsageError.of("ledger.no_file", path=str(path))
        try:
            told = json.loads(path.read_text("utf-8"))
            share = cls(str(told["officer"]), base64.b64decode(told["half"], validate=True))
        except (ValueError, KeyError, TypeError) as wrong:
            raise DataError.of("ledger.share_broken", path=str(path)) from wrong
        if len(share.half) != KEY_BYTES:
            raise DataError.of("ledger.share_broken", path=str(path))
        return share


def make_seal(ring: KeyRing, officers: tuple[str, str]) -> tuple[Share, Share]:
    """Give the ring a public key whose secret half is split between two officers; it is kept nowhere else."""
    if len({name.strip() for name in officers if name.strip()}) != 2:
        raise UsageError.of("ledger.two_officers", value=", ".join(officers))
    if ring.seal:
        raise UsageError.of("ledger.sealed_already", path=str(ring.path))
    private = X25519PrivateKey.generate()
    secret = private.private_bytes(_RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    pad = secrets.token_bytes(KEY_BYTES)
    halves = pad, bytes(a ^ b for a, b in zip(secret, pad, strict=True))
    shares = Share(officers[0], halves[0]), Share(officers[1], halves[1])
    ring.seal = private.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw)
    ring.officers = {share.officer: share.mark for share in shares}
    ring.save()
    return shares


def _cipher(shared: bytes, key: bytes, ephemeral: bytes, seal: bytes) -> ChaCha20Poly1305:
    made = HKDF(hashes.SHA256(), KEY_BYTES, salt=ephemeral + seal, info=b"postroad sealed number").derive(shared + key)
    return ChaCha20Poly1305(made)


def sealed(seal: bytes, key: bytes, senders: pl.Series, numbers: pl.Series) -> pl.DataFrame:
    """Return each pseudonym once with its number sealed: sender, ephemeral, nonce, box.

    The month's key is part of the seal, so that nothing opens once it is forgotten. One ephemeral key serves the
    rows of a file, each row under its own nonce and bound to its pseudonym.
    """
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw)
    cipher = _cipher(ephemeral.exchange(X25519PublicKey.from_public_bytes(seal)), key, public, seal)
    pairs = pl.DataFrame({"sender": senders, "number": numbers}).drop_nulls().unique("sender", maintain_order=True)
    boxes = [
        cipher.encrypt(n.to_bytes(12, "big"), number.encode(), sender)
        for n, (sender, number) in enumerate(pairs.iter_rows())
    ]
    return pl.DataFrame(
        {"sender": pairs["sender"], "ephemeral": pl.Series([public] * len(boxes), dtype=pl.Binary()),
         "nonce": pl.Series(range(len(boxes)), dtype=pl.Int64()), "box": pl.Series(boxes, dtype=pl.Binary())}
    )  # fmt: skip


def opening_key(shares: tuple[Share, Share], ring: KeyRing) -> X25519PrivateKey:
    """Return the key two officers' shares make; ``UsageError`` when they are one officer's or do not make it.

    A share under another name than it was written for makes none (rings of before names were bound do not know).
    """
    one, two = shares
    if one.officer == two.officer:
        raise UsageError.of("ledger.two_officers", value=one.officer)
    if ring.officers and any(ring.officers.get(share.officer) != share.mark for share in shares):
        raise UsageError.of("ledger.wrong_shares", officers=f"{one.officer}, {two.officer}")
    secret = bytes(a ^ b for a, b in zip(one.half, two.half, strict=True))
    private = X25519PrivateKey.from_private_bytes(secret)
    if private.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw) != ring.seal:
        raise UsageError.of("ledger.wrong_shares", officers=f"{one.officer}, {two.officer}")
    return private


def unsealed(private: X25519PrivateKey, seal: bytes, key: bytes, row: dict[str, Any]) -> str:
    """Return the number in a sealed row."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(row["ephemeral"]))
    cipher = _cipher(shared, key, row["ephemeral"], seal)
    try:
        return cipher.decrypt(int(row["nonce"]).to_bytes(12, "big"), row["box"], row["sender"]).decode()
    except InvalidTag as wrong:
        raise DataError.of("ledger.box_broken") from wrong


def period_of(day: dt.date) -> str:
    """Return the key period a day belongs to: its month."""
    return f"{day:%Y-%m}"
