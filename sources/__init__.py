"""What data costs, how much there is, how fast it comes and how good it is."""
