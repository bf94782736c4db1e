"""Networks to try the choice of the layer on: the embedded one, and torchvision's and timm's with random weights."""

import torch
from torch import Tensor, nn

from gradcam_lab.models.model_choice import EMBEDDED
from gradcam_lab.models.sources import torchvision_models
from gradcam_lab.models.sources.timm_models import timm
from gradcam_lab.models.zoo import load
from gradcam_lab.vision import torchvision

TIMM = """
beit_base_patch16_224 botnet26t_256 eca_halonext26ts lambda_resnet26t mobileone_s0 repvgg_a0 cait_xxs24_224 coat_tiny
convit_tiny convnext_atto convnextv2_atto crossvit_tiny_240 cs3darknet_s davit_tiny deit_tiny_distilled_patch16_224
deit3_small_patch16_224 dla34 dpn48b edgenext_xx_small efficientformer_l1 efficientformerv2_s0 tf_efficientnetv2_b0
efficientvit_b0 efficientvit_m0 eva02_tiny_patch14_224 fasternet_t0 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny
ghostnet_050 hgnet_tiny hiera_tiny_224 hrnet_w18_small inception_next_atto inception_v4 levit_128s mambaout_femto
coatnet_pico_rw_224 maxvit_rmlp_pico_rw_256 poolformer_s12 caformer_s18 mixer_s32_224 gmlp_ti16_224 resmlp_12_224
mobilenetv3_small_050 lcnet_035 mobilenetv4_conv_small mobilevit_xxs mvitv2_tiny mvitv2_small_cls nest_tiny
nextvit_small nfnet_l0 pit_ti_224 pvt_v2_b0 rdnet_tiny regnetx_002 regnety_002 repghostnet_050 repvit_m0_9
res2net50_14w_8s resnest14d resnet26d resnet50_clip resnext26ts seresnet18 resnetv2_50x1_bit rexnet_100 selecsls42b
legacy_seresnet18 sequencer2d_s shvit_s1 starnet_s1 swiftformer_xs swin_tiny_patch4_window7_224
swinv2_tiny_window8_256 tiny_vit_5m_224 tnt_s_patch16_224 tresnet_m twins_pcpvt_small twins_svt_small visformer_tiny
vit_tiny_patch16_224 vit_small_patch14_reg4_dinov2 vit_base_patch16_siglip_224 vit_tiny_r_s16_p8_224
vit_relpos_small_patch16_224 vitamin_small_224 volo_d1_224 ese_vovnet19b_slim legacy_xception xception41
xcit_nano_12_p16_224
""".split()  # noqa: SIM905 - a list of 93 strings is as many lines
"""The smallest of each of timm's families."""


def names() -> list[str]:
    """The embedded network, every one of torchvision's for classification, then timm's as `timm:NAME`."""
    return [EMBEDDED, *torchvision_models.torchvision_names(), *(f"timm:{name}" for name in TIMM)]


def family(name: str) -> str:
    """The file in which a network is written."""
    if name == EMBEDDED:
        return "toynet"
    if name.startswith("timm:"):
        return timm().models.model_entrypoint(name.removeprefix("timm:")).__module__.rsplit(".")[-1]
    return torchvision().models.get_model_builder(name).__module__.rsplit(".")[-1]


def build(name: str) -> tuple[nn.Module, int]:
    """Build a network, with seeded random weights but for the embedded one, in the mode that it comes in.

    Returns:
        The network, and the height and width of the images that it is made for.
    """
    torch.manual_seed(0)
    if name == EMBEDDED:
        classifier = load(name)
        return classifier.network, classifier.preprocessing.size
    if name.startswith("timm:"):
        network = timm().create_model(name.removeprefix("timm:"))
        return network, network.pretrained_cfg["input_size"][-1]
    return torchvision_models.build(name), torchvision_models.preprocessing_of(name).size


def enliven(network: nn.Module, size: int) -> None:
    """Give weights that are all 0 random values, and batch normalisation the statistics of noise.

    A last layer of zeros has no gradient, and without statistics a deep network's features vanish.
    """
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() > 1 and not weight.any():
                nn.init.normal_(weight, std=0.02)
        modes = [(module, module.training) for module in network.modules()]
        network.eval()
        norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.train()
            norm.momentum = None  # the statistics of this one batch
        if norms:
            network(noise(2, size))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training


def noise(count: int, size: int, seed: int = 1) -> Tensor:
    """Random images, shape (count, 3, size, size)."""
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))
