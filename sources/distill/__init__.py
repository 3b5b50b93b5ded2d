"""A real pilot of a teacher: requests, what they may cost, answers, and what these measure."""
