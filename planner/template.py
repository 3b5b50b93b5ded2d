"""The commented project that `dataplan init` writes: package data, read here, written by export."""

from __future__ import annotations

from importlib import resources

FILES = ("project.toml", "pilots.csv")


def template_files() -> dict[str, str]:
    """Name -> text of the files of a project that runs as it is."""
    folder = resources.files("planner") / "starter"
    return {name: (folder / name).read_text(encoding="utf-8") for name in FILES}
