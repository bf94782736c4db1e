"""Small networks of every kind, written by hand as people write their own."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

SIZE = 48
"""Height and width of their images in pixels."""

WIDTH = 32


class Weights(nn.Module):
    """An attention's weights: (N, heads, T, T)."""

    def forward(self, products: Tensor) -> Tensor:
        return products.softmax(dim=-1)


class Attention(nn.Module):
    """Self-attention of tokens (N, T, WIDTH).

    Args:
        heads: how many.
        keys: what is done to the keys (N, T, WIDTH).
    """

    def __init__(self, heads: int = 2, keys: nn.Module | None = None) -> None:
        super().__init__()
        self.heads, self.keys = heads, keys or nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.weights, self.dropout = Weights(), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=2)
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (q, self.keys(k), v))
        weights = self.dropout(self.weights(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5))  # (N, heads, T, T)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A transformer's block: any number of tokens, or cells with the channels last.

    Args:
        mixing: what mixes the tokens.
        name: the name that this is given in the block.
    """

    def __init__(self, mixing: nn.Module | None = None, name: str = "attn") -> None:
        super().__init__()
        self.norm1, self.norm2, self.name = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH), name
        self.add_module(name, mixing or Attention())
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.get_submodule(self.name)(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """A ViT of two blocks on patches of 8 pixels.

    Args:
        prefix: the number of tokens before those of the patches: a class token and registers.
        classes: the number of outputs.
        pool: from the last tokens (N, T, WIDTH) to one vector an image.
        block: builds a block.
    """

    def __init__(
        self,
        prefix: int = 1,
        classes: int = 5,
        pool: Callable[[Tensor], Tensor] | None = None,
        block: Callable[[], nn.Module] = Block,
    ) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.prefix = nn.Parameter(torch.randn(1, prefix, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, prefix + (SIZE // 8) ** 2, WIDTH))
        self.blocks = nn.Sequential(block(), block())
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, classes)
        self.pool = pool or (lambda tokens: tokens[:, 0])

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.embed(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.prefix.expand(len(tokens), -1, -1), tokens], dim=1) + self.positions
        return self.head(self.norm(self.pool(self.blocks(tokens))))


class WindowAttention(nn.Module):
    """Attention within windows of 3 x 3 cells: its parts see (N * windows, 9, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Attention()

    def forward(self, x: Tensor) -> Tensor:
        count, side = x.shape[0], x.shape[1] // 3
        windows = x.unflatten(1, (side, 3)).unflatten(3, (side, 3)).transpose(2, 3).flatten(3, 4)  # (N, s, s, 9, K)
        mixed = self.inner(windows.flatten(0, 2)).unflatten(0, (count, side, side)).unflatten(3, (3, 3))
        return mixed.transpose(2, 3).flatten(3, 4).flatten(1, 2)


class ChannelsLast(nn.Module):
    """Swin's form: blocks of (N, h, w, K), and only the average is told which axes are the places."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.blocks = nn.Sequential(Block(WindowAttention()), Block(WindowAttention()))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.embed(images).permute(0, 2, 3, 1))).mean(dim=(1, 2)))


class OddForward(nn.Module):
    """A CNN whose parts stand in another order than they run in, and one of which takes two inputs."""

    class Gate(nn.Module):
        """Weighs one map by another."""

        def forward(self, x: Tensor, mask: Tensor) -> Tensor:
            return x * mask

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.gate = self.Gate()
        self.head = nn.Linear(WIDTH, classes)
        self.mask = nn.Sequential(nn.Conv2d(WIDTH, 1, 1), nn.Sigmoid())
        self.second = nn.Sequential(nn.Conv2d(16, WIDTH, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.first = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(inplace=True))

    def forward(self, images: Tensor) -> Tensor:
        x = self.second(self.first(images))
        return self.head(self.gate(x, self.mask(x)).mean(dim=(2, 3)))


class ClassMaps(nn.Module):
    """A network that ends in one map a class and their averages, as SqueezeNet does; as many channels before."""

    def __init__(self, classes: int = 16) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, stride=4), nn.ReLU(inplace=True))
        self.score = nn.Sequential(nn.Conv2d(16, classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        return self.score(self.features(images))


def seeded(build: Callable[[], nn.Module], seed: int = 0) -> Any:
    """Build a network with seeded random weights, in train mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build()
