"""Where images come from: sources of clean images, and the noise that is added to them.

    settings -> Task -> source (SOURCES): clean or paired images -> noise (NOISES) -> (noisy, clean)

A source is a class behind a small protocol (`sources.Source`), as decoders are; a noise is a function. Both work on
NumPy arrays: nothing here needs torch, but `sources.make_scenes`, which returns tensors.

An image is a function of its task, its stream and its index, whatever the batch size (`task.generators`).
"""
