"""One small network of each family, of torchvision's and timm's own classes; `make models` tries them in full."""

from typing import Any

import pytest
import torch
from torch import nn

from gradcam_lab.models.sources.timm_models import timm
from gradcam_lab.vision import torchvision
from tests.models.layers.builds import enliven
from tests.models.layers.trial import try_network

TINY: dict[str, Any] = {"embed_dim": 32, "depth": 2, "num_heads": 2}
SMALL: dict[str, Any] = {"img_size": 64, **TINY}
NARROW = {"depths": (1, 1, 1, 1), "embed_dims": (8, 16, 24, 32), "num_heads": (1, 1, 2, 2)}

CLASS_TOKEN = "blocks.1.norm1"

BY_NAME: dict[str, tuple[dict[str, Any], int, str, str]] = {
    # transformers with a class token, with two, with registers, and without any
    "vit_tiny_patch16_224": (SMALL, 64, CLASS_TOKEN, "tokens 1"),
    "vit_small_patch14_reg4_dinov2": ({**SMALL, "img_size": 56}, 56, CLASS_TOKEN, "tokens 5"),
    "vit_base_patch16_siglip_224": (SMALL, 64, "norm", "tokens 0"),
    "vit_relpos_small_patch16_224": (SMALL, 64, "blocks.1", "tokens 0"),
    "deit_tiny_distilled_patch16_224": (SMALL, 64, CLASS_TOKEN, "tokens 2"),
    "deit3_small_patch16_224": (SMALL, 64, CLASS_TOKEN, "tokens 1"),
    "beit_base_patch16_224": (SMALL, 64, "blocks.1", "tokens 1"),
    "eva02_tiny_patch14_224": ({**SMALL, "img_size": 56}, 56, "blocks.1", "tokens 1"),
    "cait_xxs24_224": (SMALL, 64, "blocks_token_only.1.norm1", "tokens 1"),
    "xcit_nano_12_p16_224": (SMALL, 64, "cls_attn_blocks.1.norm1", "tokens 1"),
    "convit_tiny": ({**SMALL, "depth": 3, "local_up_to_layer": 2}, 64, "blocks.2.norm1", "tokens 1"),
    "tnt_s_patch16_224": ({"img_size": 64, "embed_dim": 48, "depth": 2}, 64, "blocks.1.norm_out", "tokens 1"),
    "pit_ti_224": ({"img_size": 64}, 64, "transformers.2.blocks.3.norm1", "tokens 1"),
    "crossvit_tiny_240": (
        {"embed_dim": [16, 32], "num_heads": [2, 2], "depth": [[1, 1, 0]]},
        240,
        "blocks.0.fusion.1.norm1",
        "tokens 1",
    ),
    # transformers whose grid shrinks
    "swin_tiny_patch4_window7_224": (
        {"img_size": 64, "window_size": 4, "embed_dim": 16, "depths": (1, 2), "num_heads": (1, 2)},
        64,
        "norm",
        "channels last 0",
    ),
    "swinv2_tiny_window8_256": (
        {"img_size": 64, "window_size": 4, "embed_dim": 16, "depths": (1, 2), "num_heads": (1, 2)},
        64,
        "norm",
        "channels last 0",
    ),
    "hiera_tiny_224": (
        {"img_size": (64, 64), "embed_dim": 16, "num_heads": 1, "stages": (1, 1, 1, 1)},
        64,
        "blocks.3",
        "tokens 0",
    ),
    "levit_128s": (
        {"img_size": 64, "embed_dim": (32, 48), "num_heads": (2, 2), "depth": (1, 1), "key_dim": 8},
        64,
        "stages.1",
        "tokens 0",
    ),
    "pvt_v2_b0": (NARROW, 64, "stages", "map 0"),
    "twins_pcpvt_small": ({"img_size": 64, **NARROW}, 64, "norm", "tokens 0"),
    "maxvit_rmlp_pico_rw_256": ({"img_size": 64, "embed_dim": (32, 32), "depths": (1, 1)}, 64, "norm", "map 0"),
    "coatnet_pico_rw_224": ({"img_size": 64}, 64, "norm", "map 0"),
    "sequencer2d_s": ({"img_size": 64, "layers": (1, 1, 1, 1)}, 64, "norm", "channels last 0"),
    # convolutions
    "convnext_atto": ({"depths": (1, 1, 1, 1), "dims": (8, 16, 24, 32)}, 64, "stages", "map 0"),
    "convnextv2_atto": ({"depths": (1, 1, 1, 1), "dims": (8, 16, 24, 32)}, 64, "stages", "map 0"),
    "edgenext_xx_small": ({}, 96, "stages", "map 0"),
    "efficientvit_b0": ({}, 64, "head.in_conv", "map 0"),
    "ghostnet_050": ({}, 64, "blocks", "map 0"),
    "hrnet_w18_small": ({}, 64, "final_layer", "map 0"),
    "inception_next_atto": ({}, 64, "stages", "map 0"),
    "mambaout_femto": ({}, 64, "stages.3", "channels last 0"),
    "mobilenetv3_small_050": ({}, 64, "blocks", "map 0"),
    "mobilenetv4_conv_small": ({}, 64, "blocks", "map 0"),
    "tf_efficientnetv2_b0": ({}, 64, "bn2", "map 0"),
    "regnetx_002": ({}, 64, "s4", "map 0"),
    "rexnet_100": ({}, 64, "features", "map 0"),
    "starnet_s1": ({}, 64, "norm", "map 0"),
    "swiftformer_xs": ({}, 64, "norm", "map 0"),
    "ese_vovnet19b_slim": ({}, 64, "stages", "map 0"),
    "cs3darknet_s": ({}, 64, "stages", "map 0"),
}
"""timm's by name: the options that make one small, its input size, its layer, and how that is read."""


def mixer(block: str, **options: Any) -> nn.Module:
    module = timm().models.mlp_mixer
    return module.MlpMixer(10, img_size=64, num_blocks=2, embed_dim=32, block_layer=getattr(module, block), **options)


def swin(version: str) -> nn.Module:
    module = torchvision().models.swin_transformer
    options = {"block": module.SwinTransformerBlockV2, "downsample_layer": module.PatchMergingV2} if version else {}
    return module.SwinTransformer([4, 4], 16, [1, 2], [1, 2], [4, 4], num_classes=10, **options)


def mvit() -> nn.Module:
    module = timm().models.mvitv2
    return module.MultiScaleVit(
        module.MultiScaleVitCfg(depths=(1, 1), embed_dim=(16, 32), num_heads=(1, 2)), img_size=64, num_classes=10
    )


def convnext() -> nn.Module:
    module = torchvision().models.convnext
    return module.ConvNeXt([module.CNBlockConfig(8, 16, 1), module.CNBlockConfig(16, None, 1)], num_classes=10)


BY_CLASS: dict[str, Any] = {
    "torchvision's ViT": (
        lambda: torchvision().models.VisionTransformer(64, 16, 2, 2, 32, 64, num_classes=10),
        "encoder.layers.encoder_layer_1.ln_1",
        "tokens 1",
    ),
    "torchvision's Swin": (lambda: swin(""), "permute", "map 0"),
    "torchvision's Swin v2": (lambda: swin("v2"), "permute", "map 0"),
    "torchvision's ConvNeXt": (convnext, "features", "map 0"),
    "torchvision's MaxViT": (
        lambda: torchvision().models.MaxVit((64, 64), 16, 4, [16, 32], [1, 1], 16, 0.0, num_classes=10),
        "blocks.1",
        "map 0",
    ),
    "torchvision's DenseNet": (
        lambda: torchvision().models.DenseNet(8, (2, 2), 16, num_classes=10),
        "features",
        "map 0",
    ),
    "torchvision's ShuffleNet": (
        lambda: torchvision().models.shufflenet_v2_x0_5(num_classes=10),
        "conv5",
        "map 0",
    ),
    "torchvision's MNASNet": (lambda: torchvision().models.mnasnet0_5(num_classes=10), "layers", "map 0"),
    "torchvision's MobileNet v3": (
        lambda: torchvision().models.mobilenet_v3_small(num_classes=10),
        "features",
        "map 0",
    ),
    "MLP-Mixer": (lambda: mixer("MixerBlock"), "norm", "tokens 0"),
    "gMLP": (lambda: mixer("SpatialGatingBlock", mlp_ratio=4, mlp_layer=timm().layers.GatedMlp), "norm", "tokens 0"),
    "ResMLP": (lambda: mixer("ResBlock", mlp_ratio=4), "norm", "tokens 0"),
    "MViT v2": (mvit, "norm", "tokens 0"),
    "PoolFormer": (
        lambda: timm().models.metaformer.MetaFormer(depths=(1, 1), dims=(16, 32), num_classes=10),
        "stages",
        "map 0",
    ),
    "FocalNet": (
        lambda: timm().models.focalnet.FocalNet(embed_dim=16, depths=(1, 1), num_classes=10),
        "norm",
        "map 0",
    ),
}
"""Those whose size is an argument of the class: how to build it, its layer, and how that is read."""


def tried(network: nn.Module, size: int) -> tuple[str, str]:
    """Try a network; return its layer, and how that is read."""
    enliven(network, size)
    found = try_network(network, size)
    return found.name, f"{found.form} {found.prefix}"


@pytest.mark.parametrize("name", BY_NAME)
def test_timms_by_name(name):
    options, size, *expected = BY_NAME[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert tried(timm().create_model(name, num_classes=10, **options), size) == tuple(expected)


@pytest.mark.parametrize("name", BY_CLASS)
def test_by_class(name):
    build, *expected = BY_CLASS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert tried(build(), 64) == tuple(expected)
