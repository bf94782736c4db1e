"""The architectures that the lab builds itself or takes from torchvision."""
