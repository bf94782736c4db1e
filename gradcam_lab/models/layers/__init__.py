"""Which layer of a network Grad-CAM takes, and how it gets a feature map where the network has tokens."""
