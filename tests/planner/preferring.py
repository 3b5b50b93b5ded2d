"""A small project that asks RLHF or DPO, for tests."""

from __future__ import annotations

from typing import Any

PROJECT = """
name = "tuning"
start = 2026-12-01
classes = 2
draws = 200
[target]
metric = "lost comparisons"
error = {error}
confidence = 0.6
budget = {budget}
weeks = {weeks}
[preference]
reward_run = 100
rl_run = {rl_run}
rl_samples = 100000
sample_cost = 0.001
dpo_run = 200
{more}
[sources.people]
kind = "preference"
per_week = {speed}
cost_per_judgement = {price}
agreement = {agreement}
most_annotators = 3
max_examples = 1000000
{judge}
"""
JUDGE = """
[sources.judge]
kind = "preference"
feedback = "ai"
agreement = 0.65
"""
USUAL: dict[str, Any] = {
    "error": 0.44,
    "budget": 1e6,
    "weeks": 30,
    "rl_run": 2000,
    "more": "",
    "speed": 2000,
    "price": 0.5,
    "agreement": 0.73,
    "judge": "",
}
