"""The notebook's network in plain torch, with its own names, and with the skip connections of its question 14."""

import torch
from einops import rearrange
from torch import Tensor, nn


class PatchEmbedding(nn.Module):
    def __init__(self, patch_size: int, d_model: int, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, d_model, kernel_size=patch_size, stride=patch_size)

    def forward(self, im: Tensor) -> Tensor:
        return self.proj(im).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.heads = n_heads
        self.head_dim = d_model // n_heads
        self.scale = self.head_dim**-0.5
        self.qkv = nn.Linear(d_model, n_heads * self.head_dim * 3)
        self.proj = nn.Linear(n_heads * self.head_dim, d_model)

    def forward(self, x: Tensor) -> Tensor:
        B, N, C = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, self.head_dim).permute(2, 0, 3, 1, 4)
        p = q @ k.transpose(-2, -1)
        p *= self.scale
        p = p.softmax(dim=-1)
        return self.proj((p @ v).transpose(1, 2).reshape(B, N, C))


class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(d_model, d_ff)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.attn = Attention(d_model, n_heads)
        self.mlp = FeedForward(d_model, d_ff)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    def __init__(
        self, image_size: int, patch_size: int, n_layers: int, d_model: int, d_ff: int, n_heads: int, channels: int = 1
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbedding(patch_size, d_model, channels)
        self.pos_embed = nn.Parameter(torch.randn(1, (image_size // patch_size) ** 2, d_model))
        self.blocks = nn.ModuleList([Block(d_model, n_heads, d_ff) for _ in range(n_layers)])
        self.norm = nn.LayerNorm(d_model)

    def forward(self, im: Tensor) -> Tensor:
        x = self.patch_embed(im) + self.pos_embed
        for blk in self.blocks:
            x = blk(x)
        return self.norm(x)


class DoubleConv(nn.Module):
    def __init__(self, in_ch: int, out_ch: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_ch, out_ch, 3, padding=1),
            nn.BatchNorm2d(out_ch),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_ch, out_ch, 3, padding=1),
            nn.BatchNorm2d(out_ch),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Up(nn.Module):
    def __init__(self, in_ch: int, out_ch: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_ch, in_ch, kernel_size=2, stride=2)
        self.conv = DoubleConv(in_ch, out_ch)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.up(x))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up1 = Up(32, 16)
        self.up2 = Up(16, 8)
        self.up3 = Up(8, 4)
        self.outc = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = rearrange(x, "b (h w) c -> b c h w", h=8)
        return self.outc(self.up3(self.up2(self.up1(x))))


class Denoiser(nn.Module):
    """Noisy images in, clean images out, both (B, 1, 64, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = VisionTransformer(64, 8, n_layers=12, d_model=32, d_ff=4 * 32, n_heads=4)
        self.decoder = Decoder()

    def forward(self, im: Tensor) -> Tensor:
        return self.decoder(self.encoder(im))
