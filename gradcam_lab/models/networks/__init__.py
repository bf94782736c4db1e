"""Architectures: the lab's own, and torchvision's."""
