"""The two verifiers of a public draw that anyone can run without postroad."""

from __future__ import annotations

from importlib.resources import files as packaged


def files() -> dict[str, str]:
    """Return the texts to hand out: the plain Python verifier, and a page that holds the JavaScript one."""
    here = packaged("postroad.supervise.verifier")
    python, page, script = (here.joinpath(f"verify_draw.{kind}").read_text("utf-8") for kind in ("py", "html", "js"))
    return {
        "verify_draw.py": python,
        "verify_draw.html": page.replace("/*VERIFIER*/", script),
        "verify_draw.js": script,
    }
