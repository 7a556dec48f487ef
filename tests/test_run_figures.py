"""The figures of one run."""

import numpy as np

from ablate.run_figures import curves_picture, sample_picture

RNG = np.random.default_rng(0)
SCENES = {kind: RNG.random((8, 1, 16, 16), np.float32).astype(np.float16) for kind in ("noisy", "clean", "denoised")}
ROWS = [{"epoch": epoch, "train/loss": 1 / epoch, "val/psnr": 20.0 + epoch} for epoch in (1, 2, 3)]


def test_a_sample_picture_has_a_row_each_for_noisy_clean_denoised_and_error() -> None:
    axes = sample_picture(SCENES, count=3).axes
    assert len(axes) == 4 * 3
    assert [ax.get_ylabel() for ax in axes[::3]] == ["noisy", "clean", "denoised", "error"]


def test_each_panel_shows_its_own_image() -> None:
    axes = sample_picture(SCENES, count=2).axes
    shown = [ax.images[0].get_array() for ax in axes]
    np.testing.assert_array_equal(shown[3], SCENES["clean"][1, 0].astype(np.float32))
    error = SCENES["denoised"].astype(np.float32) - SCENES["clean"].astype(np.float32)
    np.testing.assert_array_equal(shown[7], error[1, 0])


def test_all_images_are_on_one_scale_and_all_errors_on_another() -> None:
    limits = {ax.images[0].get_clim() for ax in sample_picture(SCENES).axes}
    assert limits == {(0, 1), (-0.5, 0.5)}


def test_the_curves_show_every_epoch() -> None:
    loss, quality = curves_picture(ROWS).axes
    assert np.asarray(loss.lines[0].get_ydata()).tolist() == [1, 1 / 2, 1 / 3]
    assert np.asarray(quality.lines[0].get_xdata()).tolist() == [1, 2, 3]
