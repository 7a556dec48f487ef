"""Ablation studies of a ViT denoiser."""
