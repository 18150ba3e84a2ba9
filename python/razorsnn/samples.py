"""Windows of a data set, as the settings cut, split and order them."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn import framecache
from razorsnn.config import Config
from razorsnn.datasets import Dataset, open_dataset, split_windows
from razorsnn.errors import UserError
from razorsnn.events import Part, Recording
from razorsnn.frames import FrameSpec, Window, build_frames, cut_windows, window_name
from razorsnn.progress import progress_bar
from razorsnn.stream import frame_beats, window_words

logger = logging.getLogger("razorsnn")


@dataclass(frozen=True)
class Slot:
    """A window that is cut when it is needed: number `index` of the recording `origin`."""

    name: str
    origin: Recording
    index: int

    @property
    def label(self) -> int:
        return self.origin.label

    @property
    def recording(self) -> str:
        return self.origin.name

    @property
    def part(self) -> Part | None:
        return self.origin.part


PRINT_DIGITS = 16


@dataclass(frozen=True)
class Seen:
    """What a net was trained with: the fingerprint of its data set, and the prints of the recordings that it saw."""

    data: str = ""
    prints: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Samples:
    """Windows in the order of their names, of a data set that `fingerprint` identifies by content.

    `cached`: frames are kept on disk, as those of a large data set are.
    """

    source: str
    fingerprint: str
    class_names: tuple[str, ...]
    slots: tuple[Slot, ...]
    spec: FrameSpec
    cached: bool
    prints: dict[str, str]
    """Of each recording, by name: what tells its events from those of others."""

    @property
    def recordings(self) -> list[str]:
        """Of these windows, each once."""
        return sorted({slot.recording for slot in self.slots})

    @property
    def names(self) -> list[str]:
        return [slot.name for slot in self.slots]

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([slot.label for slot in self.slots], dtype=np.int64)

    @property
    def starts(self) -> NDArray[np.int64]:
        """[recordings]: where the windows of each begin."""
        names = [slot.recording for slot in self.slots]
        return np.flatnonzero([i == 0 or name != names[i - 1] for i, name in enumerate(names)])

    def chosen(self, indices: Sequence[int]) -> "Samples":
        return replace(self, slots=tuple(self.slots[index] for index in indices))

    def labelled(self, classes: tuple[str, ...]) -> "Samples":
        """The same with labels that are indices into `classes`, which hold the names of all of its own."""
        own = [classes.index(name) for name in self.class_names]
        origins = {slot.recording: replace(slot.origin, label=own[slot.label]) for slot in self.slots}
        slots = (replace(slot, origin=origins[slot.recording]) for slot in self.slots)
        return replace(self, class_names=classes, slots=tuple(slots))

    def windows(self) -> Iterator[Window]:
        """In order; each recording is read once."""
        for _, slots in groupby(self.slots, key=lambda slot: slot.recording):
            wanted = list(slots)
            windows = cut_windows(wanted[0].origin, self.spec)
            yield from (windows[slot.index] for slot in wanted)

    def frames(self) -> NDArray[np.uint8]:
        """[N, T, C, H, W]"""
        if not self.cached:
            return np.stack(list(self._built()))
        shape = (len(self.slots), self.spec.frames, self.spec.channels, *self.spec.grid)
        name = framecache.key("frames", self.fingerprint, asdict(self.spec), self.names)
        return framecache.kept_frames(name, shape, self._built)

    def _built(self) -> Iterator[NDArray[np.uint8]]:
        total = len(self.slots)
        with progress_bar(self.windows(), desc="frames", unit="window", total=total, leave=False, delay=1.0) as bar:
            yield from (build_frames(window, self.spec) for window in bar)

    def words(self) -> list[NDArray[np.uint32]]:
        """The stream words of each window."""
        return [window_words(window, self.spec) for window in self.windows()]

    def beats(self) -> list[NDArray[np.int64]]:
        """[T] of each window: how many of its words each frame takes."""
        return [frame_beats(words, self.spec.frames) for words in self.words()]


def frame_spec(config: Config) -> FrameSpec:
    data = config.data
    return FrameSpec(data.frames, data.sensor, data.grid, data.channels, config.quantisation.input_bits, data.dt_us)


def read_samples(data: str, config: Config) -> Samples:
    """Every window of the data set `data`; UserError as the reader, and for events that the sensor cannot give."""
    dataset = open_dataset(data, config.simulated.spec(), config.seed)
    spec = frame_spec(config)
    if dataset.contents is None:
        found = _survey(dataset, spec)
    else:
        name = framecache.key("survey with prints", dataset.contents, asdict(spec))
        found = framecache.kept_values(name, lambda: _survey(dataset, spec))
    slots = [
        Slot(window_name(recording.name, index, spec), recording, index)
        for recording, count in zip(dataset.recordings, found["windows"], strict=True)
        for index in range(count)
    ]
    slots.sort(key=lambda slot: (slot.recording, slot.index))
    cached = dataset.contents is not None
    prints = {one.name: print_ for one, print_ in zip(dataset.recordings, found["prints"], strict=True)}
    return Samples(data, found["fingerprint"], dataset.class_names, tuple(slots), spec, cached, prints)


def _survey(dataset: Dataset, spec: FrameSpec) -> dict[str, Any]:
    """Windows and a print of each recording, and one hash over all events; so every recording was read once."""
    digest = hashlib.sha256(repr((dataset.class_names, spec)).encode())
    counts, prints = [], []
    with progress_bar(dataset.recordings, desc="reading recordings", unit="recording", leave=False, delay=1.0) as bar:
        for recording in bar:
            events = recording.events
            if dataset.contents is not None and not len(events):
                raise UserError(f"{dataset.name}: {recording.name} has no events; accepted: the data set as published")
            counts.append(len(cut_windows(replace(recording, stored=events), spec)))
            prints.append(hashlib.sha256(events.tobytes()).hexdigest()[:PRINT_DIGITS])
            digest.update(f"{recording.name} {recording.label}".encode() + events.tobytes())
    return {"windows": counts, "prints": prints, "fingerprint": digest.hexdigest()}


def split(samples: Samples, config: Config) -> tuple[Samples, Samples]:
    """What trains and what validates. UserError as split_windows."""
    train, validation = split_windows(samples.slots, config.data.validation, config.data.split, config.seed)
    return samples.chosen(train), _cropped(samples.chosen(validation), config)


def _cropped(samples: Samples, config: Config) -> Samples:
    """The same recordings, in the windows that vote if the settings have crops."""
    crops = config.data.crops
    if crops is None:
        return samples
    spec = replace(samples.spec, crops=crops)
    origins = [samples.slots[start].origin for start in samples.starts]
    slots = (Slot(window_name(origin.name, i, spec), origin, i) for origin in origins for i in range(crops))
    return replace(samples, slots=tuple(slots), spec=spec)


def unseen(data: str, config: Config, seen: Seen, classes: tuple[str, ...], limit: int | None) -> Samples:
    """Windows that training did not see: of its own data set the validation split, else all but those of recordings
    that it saw, which a warning tells. Labels are indices into `classes`, of which the data may lack some. UserError:
    there are no other windows, or other classes.

    With `limit` so many of them, spread evenly, so that all classes are among them where there is room.
    """
    samples = read_samples(data, config)
    if not set(samples.class_names) <= set(classes):
        raise UserError(
            f"{data}: classes {', '.join(samples.class_names)}; accepted: those of the graph, {', '.join(classes)}"
        )
    samples = samples.labelled(classes)
    own = samples.fingerprint == seen.data
    samples = split(samples, config)[1] if own else _cropped(_others(samples, seen), config)
    return samples if limit is None else samples.chosen(_spread(len(samples.slots), limit, config.data.crops or 1))


def _others(samples: Samples, seen: Seen) -> Samples:
    """Those of recordings that training did not see."""
    known = {name for name in samples.recordings if samples.prints[name] in seen.prints}
    if not known:
        return samples
    left = [index for index, slot in enumerate(samples.slots) if slot.recording not in known]
    told = f"{samples.source}: {len(known)} of {len(samples.recordings)} recordings were trained with"
    if not left:
        raise UserError(f"{told}; accepted: recordings that were not, or the whole data set of the training")
    logger.warning("%s, such as %s; they are left out", told, min(known))
    return samples.chosen(left)


def _spread(count: int, limit: int, together: int) -> list[int]:
    """`limit` of `count` indices, evenly spread, but `together` that vote as one stay together."""
    groups = count // together
    wanted = min(-(-limit // together), groups)
    starts = [group * groups // wanted * together for group in range(wanted)]
    return [start + index for start in starts for index in range(together)][:limit]


def votes(samples: Samples, config: Config) -> NDArray[np.int64] | None:
    """Where the windows of each recording begin, if they vote; training draws its slices from the same."""
    return None if config.data.crops is None else samples.starts
