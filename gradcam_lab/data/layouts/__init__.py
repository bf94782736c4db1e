"""Folders of images with annotations, by layout: VOC, Oxford-IIIT Pet, Imagenette."""
