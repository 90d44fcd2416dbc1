"""Names in EPCIS documents: codes out of web addresses and URNs, words of the CBV, and ids short enough to be kept."""

from __future__ import annotations

import base64
import re

OWN = "postroad:"
RECORD = "urn:postroad:record:"
HASHED, SHORT = "ni:///sha-256;", "cbv2:"
_HASHED = re.compile(r"ni:///sha-256;([0-9a-f]{64})\?ver=CBV2\.0")
_SHORT = re.compile(r"cbv2:([A-Za-z0-9_-]{43})")
_VOCABULARY = re.compile(r"^(https://(ns|ref)\.gs1\.org/cbv/(BizStep|Disp|BTT|SDT)-|urn:epcglobal:cbv:[a-z]+:)")


def code(identifier: str) -> str:
    """The last part of a web address or URN: the code itself."""
    return identifier.rstrip("/").replace("/", ":").split(":")[-1]


def word(identifier: str) -> str:
    """The bare word of the CBV that an address or URN stands for; any other identifier stays as it is."""
    return _VOCABULARY.sub("", identifier)


def kept_id(event_id: str) -> str:
    """An event's id as the ledger keeps it: one that is a hash of the CBV in few signs, one of ours as its number."""
    if hashed := _HASHED.fullmatch(event_id):
        return SHORT + base64.urlsafe_b64encode(bytes.fromhex(hashed[1])).decode().rstrip("=")
    return event_id.removeprefix(RECORD)


def shown_id(kept: str) -> str:
    """A kept id as an event states it: always an identifier of the standard."""
    bare, mark, rest = kept.partition("#")
    if short := _SHORT.fullmatch(bare):
        return f"{HASHED}{base64.urlsafe_b64decode(short[1] + '=').hex()}?ver=CBV2.0{mark}{rest}"
    return kept if ":" in kept else RECORD + kept
