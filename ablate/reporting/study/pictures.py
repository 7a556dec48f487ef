"""What a page says about pictures: the facts that readers of denoising papers ask for. Nothing for scenes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ablate.metrics import METRICS
from ablate.reporting.markup.numbers import format_fixed, unit_suffix
from ablate.reporting.markup.words import join_words, quote_name
from ablate.reporting.study.data import Files
from ablate.reporting.study.model import Page
from ablate.settings import DataConfig, Settings
from ablate.variants.choices import Variant

BOTH_PSNRS = ("test/psnr", "test/psnr_images")


def picture_facts(page: Page) -> Iterator[str]:
    """The files, the range, the crop, the channels, the noise, clipping and both PSNRs, where arms have pictures."""
    arms = [arm for arm in page.study.arms if arm.settings.data.source == "images"]
    yield from dict.fromkeys(_task(arm.settings, page.data.files.get(arm.name)) for arm in arms)
    if arms:
        yield (
            "The constant prediction is the mean of the training pictures everywhere (`zero` in the tables of data). "
            "Standard errors over test images are over the test files, since crops of one file are alike."
        )
        yield from _width(page)
        yield from _psnrs(page)


def _task(settings: Settings, files: Files | None) -> str:
    data, (height, width) = settings.data, settings.model.image_size
    counts = (
        f"{files['train']} files for training, {files['validation']} for validation and {files['test']} for the test, "
        if files
        else "divided by file, "
    )
    skipped = f"; skipped on request: {', '.join(data.omit)}" if data.omit else ""
    return (
        f"Pictures (content {data.content}): {counts}and no file has crops in two of them{skipped}. Crops of "
        f"{height} × {width} pixels, {_channels(settings.model.channels)}. {_range(data)} {_noise(data)}"
    )


def _channels(number: int) -> str:
    return "one channel (grey)" if number == 1 else f"{number} channels"


def _range(data: DataConfig) -> str:
    if data.range == "type":
        return "Errors are on the range 0 to 1, which stands for all values of the pixels' type (0 to 255 for 8 bits)."
    low, high = data.range
    return f"Errors are on the range 0 to 1, which stands for pixel values from {low:g} to {high:g}."


def _noise(data: DataConfig) -> str:
    clipped = "clipped to the range" if data.clip else "not clipped"
    if not data.noises:
        return f"The noise is that of the noisy pictures, which are {clipped}."
    return f"Noise: {join_words([_describe(name, data) for name in data.noises], 'then')}; noisy values are {clipped}."


def _describe(noise: object, data: DataConfig) -> str:
    """A noise with its settings, if it has any of its own: `gaussian (sigma 25)`."""
    if isinstance(noise, Variant):
        texts = [f"{key} {value}" for key, value in noise.settings]
    else:
        own = getattr(data, str(noise), None)
        texts = [f"{key} {_level(value)}" for key, value in own or ()]
    return f"{noise} ({', '.join(texts)})" if texts else str(noise)


def _level(value: float | tuple[float, float]) -> str:
    return f"{value[0]:g} to {value[1]:g}, another one for each image" if isinstance(value, tuple) else f"{value:g}"


def _width(page: Page) -> Iterator[str]:
    """How wide an interval over the test files is, if all arms have the same number of them."""
    from scipy import stats  # not at the top of the file, since few pages are of pictures

    counts = {files["test"] for files in page.data.files.values()}
    errors = [(row.name, row.image_sem) for row in page.rows if not math.isnan(row.image_sem)]
    if len(counts) == 1 and errors and min(counts) > 1:
        (count,) = counts
        factor = float(stats.t.ppf(0.975, count - 1))
        texts = [
            f"{quote_name(name)} ±{format_fixed(factor * sem, 1)}{unit_suffix(page.metric)}" for name, sem in errors
        ]
        yield (
            f"{count} test files leave the score on other pictures this uncertain (95%, a t interval with {count - 1} "
            f"degree{'' if count == 2 else 's'} of freedom, {factor:.1f} standard errors): {'; '.join(texts)}."
        )


def _psnrs(page: Page) -> Iterator[str]:
    """Each arm's mean of both PSNRs, over the seeds over which levels are compared (see `Level`)."""
    runs = page.data.runs[page.data.runs.seed.isin(page.design.level_seeds)]
    if all(name in runs.columns for name in BOTH_PSNRS):
        means = runs.groupby("arm", sort=False)[list(BOTH_PSNRS)].mean().dropna()
        digits = METRICS["test/psnr"].digits
        texts = [
            f"{quote_name(str(arm))} {format_fixed(row.iloc[0], digits)} and {format_fixed(row.iloc[1], digits)}"
            for arm, row in means.iterrows()
        ]
        if texts:
            yield f"PSNR in dB, of the pooled error and as the mean over images: {'; '.join(texts)}."
