"""Whether the pictures of a folder can be used as the settings say, before anything is trained on them."""

from __future__ import annotations

from pathlib import Path

from ablate.data.kept import Facts, facts_of, listed
from ablate.errors import AblateError, StudyError
from ablate.images.folders import Entry, list_pictures
from ablate.settings import DataConfig, Settings

MAX_RANGES = 1000
"""How many times the width of the stated range a pixel can be from its low end; beyond, the range is a mistake."""


def check_pictures(settings: Settings) -> None:
    """Raise a StudyError that names the picture and the rule, unless all pictures can be used.

    All of them are decoded now, unless their pixels are kept.
    """
    data = settings.data
    try:
        files = listed(data)
    except AblateError as error:
        raise StudyError(("data.path",), str(error)) from None
    is_paired = bool(files[0].noisy)
    if is_paired and data.noise:
        fact = f"{data.path}: pairs have their noise in the folder noisy/; remove data.noise"
        raise StudyError(("data.noise",), fact)
    if not is_paired and not data.noise:
        fact = f"{data.path}: these pictures are clean, so data.noise is needed, e.g. [gaussian]"
        raise StudyError(("data.noise",), f"{fact}; or pairs, in folders noisy/ and clean/")
    for file in files:
        _check_size(file, settings)
        for digest in file.digests:
            _check_range(file, facts_of(digest), settings)
        _check_pair(file)
    _check_channels(files, settings)


def find_changes(data: DataConfig) -> list[str]:
    """The paths of pictures that are not as they were when the runs were planned, or are new, or are gone."""
    planned = {(file.part, file.clean, file.noisy): file.path for file in listed(data)}
    try:
        entries = list_pictures(Path(data.path), data.omit)
        present = {(file.part, file.clean, file.noisy): file.path for file in entries}
    except AblateError as error:
        return [str(error)]
    changed = planned.keys() ^ present.keys()
    return sorted({(planned | present)[key] for key in changed})


def _check_size(file: Entry, settings: Settings) -> None:
    facts, (height, width) = facts_of(file.clean), settings.model.image_size
    if facts.height < height or facts.width < width:
        size, crop = f"{facts.height} x {facts.width} pixels", f"{height} x {width}"
        raise StudyError(("data.path",), f"{file.path}: {size}, smaller than the crops of {crop} (model.image_size)")


def _check_pair(file: Entry) -> None:
    if file.noisy:
        clean, noisy = (facts_of(digest) for digest in (file.clean, file.noisy))
        if (clean.height, clean.width, len(clean.mean)) != (noisy.height, noisy.width, len(noisy.mean)):
            sizes = " and ".join(f"{it.height} x {it.width} x {len(it.mean)}" for it in (clean, noisy))
            fact = f"{file.path}: the clean and the noisy picture have different sizes, {sizes}"
            raise StudyError(("data.path",), f"{fact}; a pair must have the same height, width and channels")


def _check_range(file: Entry, facts: Facts, settings: Settings) -> None:
    limits = settings.data.range
    if limits == "type" and facts.dtype.startswith("float") and not 0 <= facts.low <= facts.high <= 1:
        fact = f"{file.path}: float pixels from {facts.low:g} to {facts.high:g}, outside 0 to 1"
        raise StudyError(("data.range",), f"{fact}; give their range, as data.range: [low, high]")
    if limits != "type":
        low, high = limits
        if max(abs(facts.low - low), abs(facts.high - low)) > MAX_RANGES * (high - low):
            fact = f"{file.path}: pixels from {facts.low:g} to {facts.high:g}, far outside {low:g} to {high:g}"
            raise StudyError(("data.range",), f"{fact}; give a range that most pixels are in")


def _check_channels(files: tuple[Entry, ...], settings: Settings) -> None:
    first = files[0]
    for file in files:
        own, usual = len(facts_of(file.clean).mean), len(facts_of(first.clean).mean)
        if own != usual:
            fact = f"{file.path}: {_channels(own)}, but {first.name} has {_channels(usual)}"
            raise StudyError(("data.path",), f"{fact}; all pictures must have the same number")
    if usual != settings.model.channels:
        fact = f"{first.path}: {_channels(usual)}, but model.channels is {settings.model.channels}"
        raise StudyError(("model.channels",), f"{fact}; allowed: {usual}")


def _channels(number: int) -> str:
    return f"{number} channel{'' if number == 1 else 's'}"
