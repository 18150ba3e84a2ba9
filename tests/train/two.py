"""What torchrun starts in test_processes.py, once a process: a training of the tiny net that is disturbed.

python -m tests.train.two RUN interrupted    stops in step 9 and resumes
python -m tests.train.two RUN failing        process 1 finds fault in step 9
python -m tests.train.two RUN other          process 1 has other recordings
"""

import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from razorsnn import processes
from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.train.loop import Trainer
from tests.train.test_fit import Interrupted, trained
from tests.train.tiny import tiny_config, tiny_windows

SETTINGS = {"precision": "double", "activity_target": 0.1}


def config() -> Config:
    return tiny_config(train=SETTINGS)


class Failing(Trainer):
    def _step(self, *given: Any) -> Any:
        if self.epoch == 1 and not processes.leads():
            raise UserError("this process found fault")
        return super()._step(*given)


def main(run: Path, way: str) -> None:
    with processes.joined():
        if way == "interrupted":
            Interrupted.at = 9
            try:
                with patch("razorsnn.train.Trainer", Interrupted):
                    trained(run, config())
            except KeyboardInterrupt:
                trained(run, config(), resume=True)
        elif way == "failing":
            with patch("razorsnn.train.Trainer", Failing):
                trained(run, config())
        else:
            trained(run, config(), train=tiny_windows(48, int(os.environ["RANK"])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
