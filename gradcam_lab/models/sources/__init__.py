"""Where networks come from: torchvision, timm, a function of the user's, files."""
