"""Batch normalisation over a batch that is shared between several processes.

torch's SyncBatchNorm needs GPUs; this one also works on CPUs.
"""

import torch
from torch import Tensor, nn

from gradcam_lab.models import distributed
from gradcam_lab.models.distributed import differentiable_total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """A BatchNorm2d that in training takes its mean and variance over the images of all processes."""

    def forward(self, images: Tensor) -> Tensor:
        """Normalise (N, C, H, W); N may differ from process to process and may be 0."""
        if not self.training or distributed.world() == 1:
            return super().forward(images)
        x = images.float()  # as BatchNorm does in mixed precision
        count = distributed.total(x.new_tensor(x.numel() / x.shape[1]))
        mean = differentiable_total(x.sum(dim=(0, 2, 3))) / count
        centred = x - mean[:, None, None]
        variance = differentiable_total(centred.square().sum(dim=(0, 2, 3))) / count
        self._update_statistics(mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(images.dtype)

    def _update_statistics(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        momentum = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        with torch.no_grad():
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance, momentum)


def share_norms(network: nn.Module) -> None:
    """Turn every BatchNorm2d of a network into a `SharedBatchNorm2d`; its weights and their names stay."""
    if distributed.world() > 1:
        for module in network.modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = SharedBatchNorm2d  # the same attributes, another forward
