"""Ways in that users have: pilot runs where they are kept, of whatever kind, as named columns."""
