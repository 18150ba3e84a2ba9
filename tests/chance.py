"""What a fair coin may do: the bound that tells knowledge from luck."""

from math import comb


def most_by_chance(trials: int) -> int:
    """The least count that `trials` fair coins exceed with a probability below 0.1 %."""
    tail, heads = 0, trials
    while 1000 * (tail + comb(trials, heads)) < 2**trials:
        tail += comb(trials, heads)
        heads -= 1
    return heads
