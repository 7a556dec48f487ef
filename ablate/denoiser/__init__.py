"""The network: a ViT encoder over patches, and a decoder from tokens back to pixels."""

from ablate.denoiser.denoiser import Denoiser, build_denoiser

__all__ = ["Denoiser", "build_denoiser"]
