"""The net that is measured and deployed: with train.ema_decay, an average of the trained one over its last steps."""

import copy

from torch.optim.swa_utils import get_ema_multi_avg_fn

from razorsnn.train.model import RazorNet


class Average:
    """Exponential moving average of all that is real in `source`, parameters and statistics; what is not, as it is.

    Of the first steps more is forgotten: after step n at least 9 / (10 + n). With a decay of 0 it is `source` itself.
    """

    def __init__(self, source: RazorNet, decay: float) -> None:
        self.source, self.decay, self.steps = source, decay, 0
        self.model = copy.deepcopy(source) if decay else source

    def follow(self) -> None:
        """After a step."""
        if not self.decay:
            return
        self.steps += 1
        pairs = list(zip(self.model.state_dict().values(), self.source.state_dict().values(), strict=True))
        real = [pair for pair in pairs if pair[0].is_floating_point()]
        ours, theirs = ([pair[index] for pair in real] for index in (0, 1))
        kept = min(self.decay, (1 + self.steps) / (10 + self.steps))
        get_ema_multi_avg_fn(kept)(ours, theirs, self.steps)
        for mine, other in pairs:
            if not mine.is_floating_point():
                mine.copy_(other)

    def restart(self) -> None:
        """The average is trained from here on, and a new one begins."""
        self.steps = 0
        self.source.load_state_dict(self.model.state_dict())
