"""Converting annotations and detections between the formats of VOC, COCO and YOLO."""
