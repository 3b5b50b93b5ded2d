"""Preference data: what pairs teach a reward model, what RLHF, DPO and their rounds make of it."""
