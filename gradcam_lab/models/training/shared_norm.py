"""Batch normalisation over a batch that is spread over several processes.

torch's SyncBatchNorm does this on GPUs only; this one does it wherever processes can add up tensors.
"""

import torch
from torch import Tensor, nn

from gradcam_lab.models import distributed
from gradcam_lab.models.distributed import differentiable_total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """A BatchNorm2d whose mean and variance, in training, are those of all processes' images together."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, H, W); N may differ from process to process and may be 0."""
        if not self.training or distributed.world() == 1:
            return super().forward(input)
        x = input.float()  # as BatchNorm does in mixed precision
        count = distributed.total(x.new_tensor(x.numel() / x.shape[1]))
        mean = differentiable_total(x.sum(dim=(0, 2, 3))) / count
        centred = x - mean[:, None, None]
        variance = differentiable_total(centred.square().sum(dim=(0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        momentum = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        with torch.no_grad():
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance, momentum)


def share_norms(network: nn.Module) -> None:
    """Let every BatchNorm2d of a network count all processes' images; its weights and their names stay."""
    if distributed.world() > 1:
        for module in network.modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = SharedBatchNorm2d  # the same attributes, another forward
