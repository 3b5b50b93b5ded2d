"""The commands, one module for each family; a new one is written there and listed here."""

from __future__ import annotations

from planner.commands import compare, corpus, plan, projects, raters, runs, teachers
from planner.commands.base import Command

# heading of the help -> its commands, in the order in which they are listed
GROUPS: dict[str, tuple[Command, ...]] = {
    "plan a project": (
        projects.INIT,
        plan.PLAN,
        plan.VERDICT,
        compare.COMPARE,
        projects.ADVISE,
        projects.SOURCES,
        projects.PREFERENCE,
    ),
    "look at pilot runs": (runs.FIT, runs.DIAGNOSE),
    "look at a source": (corpus.COUNT, teachers.PRICE, teachers.DISTILL, raters.AGREEMENT),
}
COMMANDS = {command.name: command for group in GROUPS.values() for command in group}
