"""Files of boxes: JSON, COCO, and the text files of the VOC devkit."""
